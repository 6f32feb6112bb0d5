"""How much of a symmetric distance each element makes."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array, operands
from task2vec.distance.symmetric import unit_shares


def symmetric_parts(a: ArrayLike, b: ArrayLike) -> Array:
    """Return (..., n) parts, none below 0, that add up to `symmetric_distance`, exactly.

    With the unit vectors ``u = a/(a+b) / |a/(a+b)|`` and ``v = b/(a+b) / |b/(a+b)|`` the cosine is
    ``sum_i u_i v_i``, and ``1 = (|u|^2 + |v|^2)/2``, so that::

        d = 1 - sum_i u_i v_i = sum_i (u_i^2 + v_i^2)/2 - u_i v_i = sum_i (u_i - v_i)^2 / 2

    The ith term is element i's part: 0 where the two vectors have the same share there. So what is
    common to all elements, a being three times b throughout, is in none of them.

    Args:
        a: shape (..., n); leading dimensions broadcast.
        b: shape (..., n).

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    u, v = unit_shares(*operands(a, b))
    return np.asarray(0.5 * np.square(u - v))
