"""Intervals over tasks: what would another set of tasks have given?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from task2vec.recommend.world import Matrix

_RESAMPLES = 4000


@dataclass(frozen=True)
class Estimate:
    """A statistic over tasks with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def over_tasks(
    *values: Matrix, statistic: Callable[..., Matrix] | None = None, level: float = 0.95
) -> Estimate:
    """Estimate a statistic of tasks, by default the mean of ``values`` (T,), with an interval.

    Tasks are drawn with replacement, the same for all ``values``, so that a difference of two is
    paired. ``statistic`` takes as many arrays (..., T) as there are values and returns (...).
    Percentiles of 4,000 resamples of a fixed seed.
    """
    measure = statistic or (lambda x: np.asarray(np.mean(x, axis=-1)))
    count = len(values[0])
    drawn = np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = measure(*(value[drawn] for value in values))
        middle = float(measure(*values))
        tail = (1 - level) / 2
        low, high = np.nanquantile(resampled, [tail, 1 - tail])
    return Estimate(middle, float(low), float(high))


def ratio_of_sums(numerator: Matrix, denominator: Matrix) -> Matrix:
    """Return the sum over the last axis of one over that of another; a statistic."""
    return np.asarray(numerator.sum(axis=-1) / denominator.sum(axis=-1))
