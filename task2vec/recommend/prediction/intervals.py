"""Confidence intervals of accuracies and of their differences."""

from math import sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

_Z = NormalDist().inv_cdf(0.975)


def wilson_interval(correct: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion (E. B. Wilson, JASA 1927), of 95 % by default.

    It stays inside [0, 1] and keeps its width at 0 and at ``total`` right answers. Nothing
    measured (``total`` 0) gives (0, 1).
    """
    if total == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    p, z2 = correct / total, z**2
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = z / (1 + z2 / total) * sqrt(p * (1 - p) / total + z2 / (4 * total**2))
    # At the ends they are 0 and 1 but for rounding.
    low = 0.0 if correct == 0 else max(0.0, centre - half)
    return low, 1.0 if correct == total else min(1.0, centre + half)


def paired_difference(first: ArrayLike, second: ArrayLike) -> tuple[float, float, float]:
    """Return accuracy of ``first`` minus ``second`` on the same images, with its 95 % interval.

    ``first`` and ``second`` (N,) say which images were classified right. Only images on which the
    two differ carry information: with b won and c lost, Agresti and Min's adjusted interval adds
    1/2 to each of the four cells (Statistics in Medicine 2005), which keeps a width when b = c = 0.
    """
    first, second = np.asarray(first, dtype=np.bool_), np.asarray(second, dtype=np.bool_)
    total = len(first) + 2
    won = int((first & ~second).sum()) + 0.5
    lost = int((~first & second).sum()) + 0.5
    centre = (won - lost) / total
    half = _Z * sqrt(won + lost - (won - lost) ** 2 / total) / total
    difference = float(first.mean() - second.mean())
    return difference, max(-1.0, centre - half), min(1.0, centre + half)
