"""scikit-learn's logistic regression, imported while something else goes on, and its penalty.

Importing it takes a second or more. The images are read and go through the network meanwhile, which
leaves the interpreter free: what a new process waits for is less.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


#: On the *mean* loss; a part of the space, since other penalties give other embeddings.
DEFAULT_PENALTY = 0.01

_MODULE = "sklearn.linear_model"


@contextmanager
def imported_ahead() -> Iterator[None]:
    """Import it in another thread meanwhile, if it is not there yet; it is at the end.

    No import is left under way, which a process that forks would inherit in mid-air.
    """
    if _MODULE in sys.modules:
        yield
        return
    thread = Thread(target=_import, name="import of scikit-learn")
    thread.start()
    try:
        yield
    finally:
        thread.join()


def logistic_regression(**options: Any) -> "LogisticRegression":
    """Return an unfitted model; waits for the import."""
    return import_module(_MODULE).LogisticRegression(**options)


def convergence_warning() -> type[Warning]:
    """Return the category of scikit-learn's warnings of fits that did not converge."""
    category: type[Warning] = import_module("sklearn.exceptions").ConvergenceWarning
    return category


def _import() -> None:
    # It is imported again where it is needed, and the error comes there.
    with suppress(Exception):
        import_module(_MODULE)
