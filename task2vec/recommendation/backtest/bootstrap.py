"""Intervals over families of tasks: what would other families have given?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.recommendation.evidence.world import Indices, Matrix

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
    superfamilies: Sequence[str] | None = None,
    statistic: Statistic = weighted_mean,
) -> Estimate:
    """Estimate a statistic of tasks, by default the mean of ``values`` (T,), with an interval.

    ``families`` (T,) are drawn with replacement, each with all of its tasks: tasks of one family
    are not independent. Without them each task is drawn by itself. With ``superfamilies`` (T,)
    these are drawn first, and then, from each time that one was drawn, as many of its families as
    it has: families of one kind of image are not independent either. The draws are the same for all
    ``values``, so that a difference of two is paired. Percentiles of 4,000 resamples of a fixed
    seed.
    """
    count = len(values[0])
    names = np.arange(count) if families is None else np.array(families)
    _, first, family = np.unique(names, return_index=True, return_inverse=True)
    rng = np.random.default_rng(0)
    if superfamilies is None:
        times = _times_drawn(rng, len(first))
    else:
        times = _times_drawn_within(rng, np.array(superfamilies)[first])
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = statistic(*values, weights=times[:, family].astype(np.float64))
        middle = float(statistic(*values, weights=np.ones(count)))
        low, high = np.nanquantile(resampled, [_TAIL, 1 - _TAIL])
    return Estimate(middle, float(low), float(high))


def _times_drawn(rng: np.random.Generator, several: int) -> Indices:
    """Return (resamples, S) how often each of S was drawn with replacement, S times in all."""
    drawn = rng.integers(0, several, (_RESAMPLES, several))
    return np.stack([(drawn == each).sum(axis=1) for each in range(several)], axis=1)


def _times_drawn_within(rng: np.random.Generator, groups: NDArray[np.str_]) -> Indices:
    """Return the same of S things of ``groups`` (S,), the groups being drawn first."""
    _, group = np.unique(groups, return_inverse=True)
    sizes = np.bincount(group)
    of_groups = _times_drawn(rng, len(sizes))
    times = np.zeros((_RESAMPLES, len(group)), dtype=np.int64)
    for number, size in enumerate(sizes.tolist()):
        # A group that was drawn twice draws from its own twice: one draw of twice as many.
        drawn = rng.multinomial(of_groups[:, number] * size, np.full(size, 1 / size))
        times[:, group == number] = drawn
    return times
