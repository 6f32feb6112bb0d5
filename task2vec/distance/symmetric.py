"""The symmetric distance, and its gradient."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array, operands


def symmetric_distance(a: ArrayLike, b: ArrayLike) -> Array:
    """Return ``1 - cos(a/(a+b), b/(a+b))``, element by element, in [0, 1].

    Achille et al. 2019, "Task2Vec: Task embedding for meta-learning", equation 3. This is the bare
    formula: it depends on the ratios of corresponding elements only, and is nan where an element is
    zero in both (`task2vec.distance.prior.with_prior` prevents that). It is *not* a metric: it
    obeys no triangle inequality, and is 0 for any two proportional vectors.

    Args:
        a: shape (..., n); leading dimensions broadcast.
        b: shape (..., n).

    Returns:
        Shape (...), without the last axis: shape () for two vectors.

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    first, second = operands(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = first + second
        u, v = _unit(first / total), _unit(second / total)
    # 1 - cos = |u - v|^2 / 2 for unit vectors: the same number, but never negative, exactly 0 for
    # u = v, and without the cancellation that costs 1 - cos its digits for near neighbours.
    return np.asarray(0.5 * np.square(u - v).sum(axis=-1))


def symmetric_gradient(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the gradient of the symmetric distance with respect to ``log a``.

    With respect to ``log b`` it is the negative, since only ``log a - log b`` matters.

    Args:
        a: shape (..., n); leading dimensions broadcast.
        b: shape (..., n).

    Returns:
        Shape (..., n).

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    first, second = operands(a, b)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = first + second
        u, v = first / total, second / total
        P, Q, R = ((x * y).sum(axis=-1, keepdims=True) for x, y in ((u, v), (u, u), (v, v)))
        # With x = log a - log b: u = 1/(1 + e^-x) and v = 1 - u, so u' = uv and v' = -uv. Hence,
        # for element i of P = sum uv, Q = sum u^2, R = sum v^2,
        #     P' = uv (v - u),   Q' = 2 uv u,   R' = -2 uv v,
        # and, from cos = P / sqrt(QR),
        #     cos' = P' / sqrt(QR) - cos (Q'/Q + R'/R) / 2
        #          = uv [(v - u) / sqrt(QR) + cos (v/R - u/Q)];
        # the distance is 1 - cos.
        norm = np.sqrt(Q) * np.sqrt(R)
        return np.asarray(-u * v * ((v - u) / norm + P / norm * (v / R - u / Q)))


def _unit(x: Array) -> Array:
    return np.asarray(x / np.sqrt(np.square(x).sum(axis=-1, keepdims=True)))
