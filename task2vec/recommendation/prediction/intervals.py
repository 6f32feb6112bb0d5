"""Confidence intervals of accuracies and of their differences, and conformal ones.

These hold whatever the model behind them, by how far off it was on other tasks. Tasks are
exchangeable; outcomes of one task are not independent. So each task has the weight ``1 / (T + 1)``,
shared evenly by its outcomes, and the last share belongs to the new task, whose error may be any.
The weighted quantile of the errors then covers an outcome on a new task with at least the stated
probability, over tasks (Lee, Barber and Willett, "Distribution-free inference with hierarchical
data", JRSS B 2025; Vovk et al. 2005 for one outcome a task).
"""

from collections.abc import Sequence
from math import comb, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from task2vec.recommendation.evidence.world import Indices


def normal_reach(level: float) -> float:
    """Return how many standard deviations reach to the ends of a normal interval."""
    return NormalDist().inv_cdf((1 + level) / 2)


#: The share of outcomes that intervals are to hold.
LEVEL = 0.9
#: How many standard deviations an interval of `LEVEL` reaches where no errors elsewhere tell.
NORMAL_REACH = normal_reach(LEVEL)

_Z = normal_reach(0.95)


def wilson_interval(correct: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion (E. B. Wilson, JASA 1927), of 95 % by default.

    It stays inside [0, 1] and keeps its width at 0 and at ``total`` right answers. Nothing
    measured (``total`` 0) gives (0, 1).
    """
    if total == 0:
        return 0.0, 1.0
    z = normal_reach(level)
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


def paired_score_interval(
    first: ArrayLike, second: ArrayLike, *, level: float
) -> tuple[float, float]:
    """Return Tango's score interval of the accuracy of ``first`` minus that of ``second``.

    ``first`` and ``second`` (N,), N at least 1, say which of the same images were classified right.
    It holds the differences that a score test of the paired answers does not reject (T. Tango,
    Statistics in Medicine 1998). Far out, as levels near 1 have it, it covers at few images too,
    where `paired_difference` is too narrow.
    """
    first, second = np.asarray(first, dtype=np.bool_), np.asarray(second, dtype=np.bool_)
    won, lost = int((first & ~second).sum()), int((~first & second).sum())
    z = normal_reach(level)
    return _score_bound(won, lost, len(first), z), -_score_bound(lost, won, len(first), z)


def _score_bound(won: int, lost: int, total: int, z: float) -> float:
    """Return the least difference whose score statistic is not above ``z``."""
    from scipy.optimize import brentq

    if lost == total:
        return -1.0

    def above(delta: float) -> float:
        # The share of images lost that is likeliest where won minus lost is delta: the root of
        # 2 N q^2 + linear q - lost delta (1 - delta).
        linear = (2 * total - won + lost) * delta - won - lost
        root = linear**2 + 8 * total * lost * delta * (1 - delta)
        share = (sqrt(max(root, 0.0)) - linear) / (4 * total)
        variance = total * (2 * share + delta * (1 - delta))
        return won - lost - total * delta - z * sqrt(max(variance, 0.0))

    return float(brentq(above, -1.0, (won - lost) / total - 1e-12))


def chance_of_more(first: ArrayLike, second: ArrayLike) -> float:
    """Return how likely chance alone makes ``first`` right on as many more images as it is.

    ``first`` and ``second`` (N,) say which of the same images were classified right. McNemar's test
    (Psychometrika 1947) in its exact form, one-sided: were both as accurate, each of the b + c
    images on which they differ would be won by a fair coin, so that it is P(X >= b), X binomial.
    """
    first, second = np.asarray(first, dtype=np.bool_), np.asarray(second, dtype=np.bool_)
    won, lost = int((first & ~second).sum()), int((~first & second).sum())
    tails = sum(comb(won + lost, k) for k in range(won, won + lost + 1))
    return tails / (1 << (won + lost))


def conformal_reach(errors: ArrayLike, tasks: Indices | Sequence[int], *, level: float) -> float:
    """Return how far an interval must reach, in the units of ``errors``.

    Args:
        errors: (n,) absolute errors, such as in standard deviations of the prediction.
        tasks: (n,) the tasks that they were made on.
        level: the share of outcomes that the interval is to hold.

    inf where there are too few tasks for the level: ``level / (1 - level)`` at least, that is 4 for
    80 % and 9 for 90 %.
    """
    values = np.asarray(errors, dtype=np.float64)
    if not values.size:
        return float("inf")
    _, task, counts = np.unique(tasks, return_inverse=True, return_counts=True)
    weights = 1 / ((len(counts) + 1) * counts[task])
    order = np.argsort(values, kind="stable")
    covered = np.cumsum(weights[order])
    # A share that is met exactly must not be missed by rounding.
    enough = np.flatnonzero(covered >= level - 1e-12)
    return float(values[order[enough[0]]]) if enough.size else float("inf")


def interval_reach(
    errors: ArrayLike, tasks: Indices | Sequence[int], *, level: float
) -> tuple[float, bool]:
    """Return how many standard deviations an interval reaches, and whether the errors say so.

    Where there are too few tasks, as many as of a normal distribution hold the ``level``.
    """
    reach = conformal_reach(errors, tasks, level=level)
    if np.isfinite(reach):
        return reach, True
    return normal_reach(level), False
