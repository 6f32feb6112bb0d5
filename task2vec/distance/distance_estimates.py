"""Distances with their errors: intervals, ties and ranks."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from task2vec.distance.noise_correction import GROUPS, HALVINGS
from task2vec.distance.operands import Array

LEVEL = 0.95
"""The share of repeats in which an interval holds the distance without noise."""


@dataclass(frozen=True, eq=False)
class DistanceEstimates:
    """The distances between a query and m tasks.

    ``distances`` (m,) are corrected for noise and signed. ``by_query`` (m, K), ``by_task`` (m,)
    and ``by_halving`` (m, 7) are their errors' parts: the squares of a row add up to a variance,
    and ``by_task`` is one. ``by_query_head`` (m,) is the standard deviation that the query's head
    gives to all distances alike, ``by_heads`` (m,) the variance that heads add to each on its own.
    ``groups`` (m,) are the numbers of the tasks' groups.
    """

    distances: Array
    by_query: Array
    by_task: Array
    by_halving: Array
    by_query_head: Array
    by_heads: Array
    groups: Array

    @classmethod
    def joined(cls, parts: Sequence["DistanceEstimates"]) -> "DistanceEstimates":
        """Return the distances of one query to the tasks of all parts, at least one."""
        return cls(
            *(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls))
        )

    def __len__(self) -> int:
        """Return m."""
        return len(self.distances)

    @property
    def errors(self) -> Array:
        """The standard error of each distance, shape (m,)."""
        return np.asarray(np.sqrt(np.sum(self._variances(), axis=0)))

    @property
    def intervals(self) -> Array:
        """The 95 % interval of each distance, shape (m, 2); it may reach below 0."""
        reach = _quantile(*self._variances(), freedom=self._freedom(self.groups)) * self.errors
        return np.stack([self.distances - reach, self.distances + reach], axis=1)

    def _variances(self) -> tuple[Array, Array, Array, Array]:
        return (
            np.square(self.by_query).sum(axis=1),
            self.by_task,
            np.square(self.by_halving).sum(axis=1),
            np.square(self.by_query_head) + self.by_heads,
        )

    def _freedom(self, groups: Array) -> tuple[Array, ...]:
        # What heads add is known no better than what images do.
        own, halvings = np.array(self.by_query.shape[1] - 1), np.array(HALVINGS - 1)
        return own, groups - 1, halvings, np.array(GROUPS - 1)

    def same(self, first: int, second: int) -> bool:
        """Return whether two of the distances differ by no more than their noise.

        By its 95 % interval, their difference is then 0 for all that is known. What leaving out
        images of the query does to both at once does not count.
        """
        variances = (
            np.square(self.by_query[first] - self.by_query[second]).sum(),
            self.by_task[first] + self.by_task[second],
            np.square(self.by_halving[first] - self.by_halving[second]).sum(),
            np.square(self.by_query_head[first] - self.by_query_head[second])
            + self.by_heads[first]
            + self.by_heads[second],
        )
        fewest = np.minimum(self.groups[first], self.groups[second])
        reach = _quantile(*variances, freedom=self._freedom(fewest)) * np.sqrt(sum(variances))
        return bool(abs(self.distances[first] - self.distances[second]) <= reach)

    def ranks(self, order: Sequence[int]) -> list[int]:
        """Return the ranks of the distances in this ``order``, the nearest first.

        A task shares the rank of the one that opened it unless it is farther by more than the
        noise of the difference: 1, 1, 3 where the second is as near as the first for all that is
        known, and the third is not.
        """
        ranks: list[int] = []
        first = 0
        for place, task in enumerate(order):
            if not self.same(order[first], task):
                first = place
            ranks.append(first + 1)
        return ranks

    def chosen(self, rows: Sequence[int]) -> "DistanceEstimates":
        """Return those of some of the tasks, in this order."""
        rows = list(rows)
        return DistanceEstimates(*(getattr(self, part.name)[rows] for part in fields(self)))


def _quantile(*variances: Array, freedom: tuple[Array, ...]) -> Array:
    """Return Student's quantile for a sum of variances: Welch 1947, Satterthwaite 1946."""
    total = np.asarray(sum(variances))
    parts = sum(np.square(v) / f for v, f in zip(variances, freedom, strict=True))
    # scipy takes a while to import, and a client without the extras does not have it.
    from scipy.special import stdtrit

    # Exactly known distances have an interval of no width, whatever the quantile.
    degrees = np.divide(
        np.square(total), parts, out=np.ones_like(total), where=np.asarray(parts) > 0
    )
    return np.asarray(stdtrit(degrees, (1 + LEVEL) / 2))
