"""Complexity, and the asymmetric distance: harder sources make better starting models."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array
from task2vec.distance.symmetric import symmetric_distance

ALPHA = 0.15
"""The weight of the source's complexity, as in the paper."""


def complexity(a: ArrayLike, trivial: ArrayLike) -> Array:
    """Return the symmetric distance of ``a`` (..., n) to the trivial embedding, shape (...).

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    return symmetric_distance(a, trivial)


def asymmetric_distance(
    *, source: ArrayLike, target: ArrayLike, trivial: ArrayLike, alpha: float = ALPHA
) -> Array:
    """Return ``d_sym(source, target) - alpha d_sym(source, trivial)``; it may be negative.

    Achille et al. 2019, equation 4: of two sources equally near to the target, the more complex
    one is the better start.

    Args:
        source: shape (..., n); leading dimensions of the three broadcast.
        target: shape (..., n).
        trivial: the trivial embedding, shape (..., n).
        alpha: the weight of the source's complexity.

    Returns:
        Shape (...).

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    return np.asarray(symmetric_distance(source, target) - alpha * complexity(source, trivial))
