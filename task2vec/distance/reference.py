"""The distances of aws-cv-task2vec, as coded there, for comparison with the field.

They serve benchmarks and back-tests and are not corrected: the constant 1e-8 is not small beside
real Fisher values, a zero element makes most of them nan, and those that work on the variances
``1/a`` are decided by the smallest elements. Arguments have shape (..., n), results shape (...).
All raise `SettingError` for lengths that differ, or negative elements.

Source: awslabs/aws-cv-task2vec at commit c5795e5, ``task_similarity.py``.
"""

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array, operands

# Kept from the reference, where it guards against 0/0.
_GUARD = 1e-8


def cosine(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the symmetric distance but for the guard: ``1 - cos(a/(a+b+1e-8), b/(a+b+1e-8))``."""
    first, second = operands(a, b)
    total = first + second + _GUARD
    return _one_minus_cosine(first / total, second / total)


def normalized_cosine(
    a: ArrayLike, b: ArrayLike, *, scale_a: ArrayLike = 1.0, scale_b: ArrayLike = 1.0
) -> Array:
    """Return one minus the cosine of the variances, each scaled per layer by ``scale``."""
    first, second = _variances(a, b)
    with np.errstate(invalid="ignore"):
        return _one_minus_cosine(np.asarray(scale_a) * first, np.asarray(scale_b) * second)


def correlation(a: ArrayLike, b: ArrayLike) -> Array:
    """Return one minus Pearson's correlation of the variances."""
    first, second = _variances(a, b)
    with np.errstate(invalid="ignore"):
        return _one_minus_cosine(
            first - first.mean(axis=-1, keepdims=True), second - second.mean(axis=-1, keepdims=True)
        )


def asymmetric_kl(a: ArrayLike, b: ArrayLike) -> Array:
    """Return ``KL(N(0, 1/a) || N(0, 1/b))`` in nats, summed over the elements."""
    first, second = _variances(a, b)
    return np.asarray(_kl(first, second).sum(axis=-1))


def kl(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the sum over elements of the larger of both directions' terms, in nats."""
    first, second = _variances(a, b)
    return np.asarray(np.maximum(_kl(first, second), _kl(second, first)).sum(axis=-1))


def jsd(a: ArrayLike, b: ArrayLike) -> Array:
    """Return the mean over elements of both KL to the Gaussian of the mean variance, halved."""
    first, second = _variances(a, b)
    middle = 0.5 * (first + second)
    return np.asarray(0.5 * (_kl(first, middle) + _kl(second, middle)).mean(axis=-1))


def entropy(a: ArrayLike, b: ArrayLike) -> Array:
    """Return ``log 2`` minus the mean binary entropy of ``a/(a+b+1e-8)``, in nats."""
    first, second = operands(a, b)
    share = first / (first + second + _GUARD)
    return np.asarray(np.log(2) + (_x_log_x(share) + _x_log_x(1 - share)).mean(axis=-1))


REFERENCE_DISTANCES: MappingProxyType[str, Callable[[ArrayLike, ArrayLike], Array]] = (
    MappingProxyType(
        {
            "cosine": cosine,
            "normalized_cosine": normalized_cosine,
            "correlation": correlation,
            "asymmetric_kl": asymmetric_kl,
            "kl": kl,
            "jsd": jsd,
            "entropy": entropy,
        }
    )
)
"""Every distance above under the name that the reference gives it."""


def _variances(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    first, second = operands(a, b)
    with np.errstate(divide="ignore"):
        return 1 / first, 1 / second


def _kl(p: Array, q: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(0.5 * (p / q - 1 + np.log(q) - np.log(p)))


def _one_minus_cosine(u: Array, v: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        norms = np.sqrt(np.square(u).sum(axis=-1) * np.square(v).sum(axis=-1))
        return np.asarray(1 - (u * v).sum(axis=-1) / norms)


def _x_log_x(x: Array) -> Array:
    # The limit at 0 is 0.
    return np.asarray(x * np.log(np.where(x > 0, x, 1.0)))
