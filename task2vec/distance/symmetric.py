"""The symmetric distance, and how much of it each element makes."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array, operands


def symmetric_distance(a: ArrayLike, b: ArrayLike) -> Array:
    """Return ``1 - cos(a/(a+b), b/(a+b))``, element by element, in [0, 1].

    Achille et al. 2019, "Task2Vec: Task embedding for meta-learning", equation 3. This is the bare
    formula: it depends on the ratios of corresponding elements only, and is nan where an element is
    zero in both (`task2vec.distance.operands.with_prior` prevents that). It is *not* a metric: it
    obeys no triangle inequality, and is 0 for any two proportional vectors.

    Args:
        a: shape (..., n); leading dimensions broadcast.
        b: shape (..., n).

    Returns:
        Shape (...), without the last axis: shape () for two vectors.

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    u, v = unit_shares(*operands(a, b))
    # 1 - cos = |u - v|^2 / 2 for unit vectors: the same number, but never negative, exactly 0 for
    # u = v, and without the cancellation that costs 1 - cos its digits for near neighbours.
    return np.asarray(0.5 * np.square(u - v).sum(axis=-1))


def unit_shares(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the unit vectors along ``a/(a+b)`` and ``b/(a+b)``, whose cosine is taken."""
    with np.errstate(divide="ignore", invalid="ignore"):
        total = a + b
        return _unit(a / total), _unit(b / total)


def _unit(x: Array) -> Array:
    return np.asarray(x / np.sqrt(np.square(x).sum(axis=-1, keepdims=True)))


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
