"""scikit-learn's logistic regression, imported while something else goes on, and its penalty.

Importing it takes a second or more. The images are read and go through the network meanwhile, which
leaves the interpreter free: what a new process waits for is less.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

Matrix = NDArray[np.float64]

#: On the *mean* loss; a part of the space, since other penalties give other embeddings.
DEFAULT_PENALTY = 0.01

TOLERANCE = 1e-6
"""The gradient's largest element at which a fit counts as converged: features are of order 1, so
this leaves the logits right to some five digits."""

_ITERATIONS = 2000

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


def fitted(
    features: Matrix, labels: NDArray[np.int64], weights: Matrix, *, C: float, method: str
) -> "LogisticRegression":
    """Return logistic regression that was fitted to weighted images; waits for the import.

    scikit-learn's ``C`` multiplies the *sum* of the weighted losses.
    """
    with warnings.catch_warnings():
        # Whoever asks judges convergence by the gradient itself and reports it.
        category = import_module("sklearn.exceptions").ConvergenceWarning
        warnings.simplefilter("ignore", category)
        # With one or two images per class it suspects a regression.
        warnings.filterwarnings("ignore", "The number of unique classes is greater", UserWarning)
        model = import_module(_MODULE).LogisticRegression(
            C=C, tol=TOLERANCE / 4, max_iter=_ITERATIONS, solver=method
        )
        return model.fit(features, labels, sample_weight=weights)


def _import() -> None:
    # It is imported again where it is needed, and the error comes there.
    with suppress(Exception):
        import_module(_MODULE)
