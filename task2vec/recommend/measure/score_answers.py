"""Which held-out images were recognised, from what was found for each class."""

import numpy as np
from numpy.typing import NDArray

# Rounding is far below, and so is no difference between classes that would mean anything.
_MARGIN = 1e-9


def right(found: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (N,) whether ``found`` (N, C) is largest at the image's own class.

    What is equal but for rounding counts as wrong: then neither the order of the classes nor that
    of the images decides, and features that tell nothing get nothing.
    """
    rows = np.arange(len(labels))
    others = found.copy()
    others[rows, labels] = -np.inf
    return np.asarray(found[rows, labels] > others.max(axis=1) + _MARGIN)
