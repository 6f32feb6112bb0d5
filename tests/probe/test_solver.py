"""The import of scikit-learn goes on beside the reading of images, and fails where it is needed."""

import subprocess
import sys
from textwrap import dedent


def run(code):
    return subprocess.run(
        [sys.executable, "-c", dedent(code)], capture_output=True, text=True, check=False
    )


def test_a_missing_package_is_told_where_it_is_needed():
    done = run(
        """
        import sys
        sys.modules["sklearn"] = None
        import numpy as np
        from task2vec.probe.solver import fitted, imported_ahead
        with imported_ahead():
            pass
        try:
            fitted(np.eye(2), np.arange(2), np.ones(2), C=1.0, method="lbfgs")
        except ImportError:
            print("told")
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "told\n", "")


def test_it_is_imported_meanwhile_and_does_not_outlive_an_embedding_that_fails(tmp_path):
    # A child that is forked then would wait for the lock of an import that nobody ends.
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        for number in range(3):
            (tmp_path / label / f"{number}.png").write_text("no image")
    done = run(
        f"""
        import sys, threading
        import task2vec.embedding.embedder, task2vec.probe.independent_labels
        from task2vec.probe import solver
        assert "sklearn" not in sys.modules
        begun = []
        real = solver._import
        solver._import = lambda: (begun.append(threading.current_thread()), real())
        try:
            task2vec.embed({str(tmp_path)!r}, images=2)
        except task2vec.Task2VecError:
            print(len(begun), threading.active_count(), "sklearn.linear_model" in sys.modules)
        assert begun != [threading.main_thread()]
        with solver.imported_ahead():
            assert threading.active_count() == 1
        """
    )
    assert (done.returncode, done.stdout) == (0, "1 1 True\n"), done.stderr
