"""Intervals over families of tasks: what would other families have given?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.recommendation.evidence.world import Matrix

_RESAMPLES = 4000
_TAIL = (1 - 0.95) / 2

#: A statistic of values (T,) under weights (..., T), of shape (...).
Statistic = Callable[..., Matrix]


@dataclass(frozen=True)
class Estimate:
    """A statistic over tasks with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def ends(self) -> tuple[float, float]:
        """The two ends of the interval."""
        return self.low, self.high


def weighted_mean(values: Matrix, *, weights: Matrix) -> Matrix:
    """Return the mean of values (T,); a statistic."""
    return np.asarray(weights @ values / weights.sum(axis=-1))


def ratio_of_sums(numerator: Matrix, denominator: Matrix, *, weights: Matrix) -> Matrix:
    """Return the sum of one over that of another; a statistic."""
    return np.asarray(weights @ numerator / (weights @ denominator))


def over_tasks(
    *values: Matrix,
    families: Sequence[str] | None = None,
    statistic: Statistic = weighted_mean,
) -> Estimate:
    """Estimate a statistic of tasks, by default the mean of ``values`` (T,), with an interval.

    ``families`` (T,) are drawn with replacement, each with all of its tasks: tasks of one family
    are not independent. Without them each task is drawn by itself. The draws are the same for all
    ``values``, so that a difference of two is paired. Percentiles of 4,000 resamples of a fixed
    seed.
    """
    count = len(values[0])
    names = np.arange(count) if families is None else np.array(families)
    _, family = np.unique(names, return_inverse=True)
    several = int(family.max()) + 1
    drawn = np.random.default_rng(0).integers(0, several, (_RESAMPLES, several))
    times = np.stack([(drawn == each).sum(axis=1) for each in range(several)], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = statistic(*values, weights=times[:, family].astype(np.float64))
        middle = float(statistic(*values, weights=np.ones(count)))
        low, high = np.nanquantile(resampled, [_TAIL, 1 - _TAIL])
    return Estimate(middle, float(low), float(high))
