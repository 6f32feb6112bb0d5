"""The import of scikit-learn goes on beside the reading of images, and fails where it is needed."""

import subprocess
import sys
from textwrap import dedent

from task2vec.probe.solver import convergence_warning, logistic_regression


def run(code):
    return subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False
    )


def test_embedding_imports_it_ahead():
    done = run(
        """
        import sys, threading
        import task2vec.embedding.embedder, task2vec.probe.independent_labels
        from task2vec.probe.solver import import_ahead
        assert "sklearn" not in sys.modules
        import_ahead()
        others = [t for t in threading.enumerate() if t is not threading.main_thread()]
        assert len(others) == 1, others
        others[0].join()
        assert "sklearn.linear_model" in sys.modules
        import_ahead()
        assert threading.active_count() == 1
        """
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_package_is_told_where_it_is_needed():
    done = run(
        """
        import sys
        sys.modules["sklearn"] = None
        from task2vec.probe.solver import import_ahead, logistic_regression
        import_ahead()
        try:
            logistic_regression()
        except ImportError:
            print("told")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "told\n", "")


def test_what_it_gives():
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = logistic_regression(C=2.0)
    assert type(model) is LogisticRegression
    assert model.C == 2.0
    assert convergence_warning() is ConvergenceWarning
