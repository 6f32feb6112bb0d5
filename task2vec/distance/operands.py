"""The two arrays that a distance is taken of: converted, and checked once for all distances."""

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
