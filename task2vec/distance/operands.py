"""The arrays that a distance is taken of: converted, checked, and the prior precision added."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from task2vec.errors import SettingError

Array = NDArray[np.float64]


def operands(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    """Return both in float64, their last axes (the elements) of one length.

    Raises:
        SettingError: where the elements do not correspond one to one, or one is negative.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim == 0 or second.ndim == 0 or first.shape[-1] != second.shape[-1]:
        raise SettingError(
            "A distance needs two arrays with the same number of elements on their last axis",
            expected=f"shape (..., {first.shape[-1] if first.ndim else 'n'})",
            got=f"shapes {first.shape} and {second.shape}",
        )
    lowest = min(first.min(initial=0.0), second.min(initial=0.0))
    if lowest < 0:
        raise SettingError(
            "Fisher information is never negative", expected="elements >= 0", got=f"{lowest}"
        )
    return first, second


def with_prior(values: ArrayLike, prior_precision: float) -> Array:
    """Return ``values + prior_precision`` in float64, in a new array of the same shape.

    A filter that is dead on both tasks then has the ratio 1 instead of 0/0.

    Raises:
        SettingError: for a prior precision that is negative or not finite.
    """
    if not 0 <= prior_precision < np.inf:
        raise SettingError(
            "The prior precision is unusable",
            expected="a finite number >= 0",
            got=f"{prior_precision}",
        )
    return np.asarray(np.asarray(values, dtype=np.float64) + prior_precision)


def trivial_embedding(elements: int, prior_precision: float) -> Array:
    """Return the embedding (elements,) of the trivial task, prior included.

    A task without information has zero Fisher, so the prior is all that is left of it. Without a
    prior every distance to it is nan.

    Raises:
        SettingError: for a prior precision that is negative or not finite.
    """
    return with_prior(np.zeros(elements), prior_precision)
