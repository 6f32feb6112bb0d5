"""How near stored tasks are to a query, and the nearest of them, with errors and ranks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from task2vec.distance import (
    DistanceEstimates,
    asymmetric_distance,
    estimate_centred,
    estimate_distances,
    estimate_from_sources,
    symmetric_distance,
    trivial_embedding,
    with_prior,
)
from task2vec.distance.centred import angle, direction
from task2vec.distance.operands import Array
from task2vec.messages.neighbours import Neighbour
from task2vec.messages.tasks import StoredTask
from task2vec.store.index.protocol import Role
from task2vec.types import TaskEmbedding, Vector


class Measure(Protocol):
    """How near tasks are to a query."""

    def plain(self, values: Vector) -> float:
        """Return the distance of a task with ``values`` (n,) that candidates are found by."""

    def estimates(self, tasks: Sequence[TaskEmbedding], *, within: float) -> DistanceEstimates:
        """Return the distances to show; at least those up to ``within`` have their errors."""

    def competing(self, k: int) -> int:
        """Return how many tasks, nearest by the plain distance, compete for ``k`` places."""


@dataclass(frozen=True, eq=False)
class InRole:
    """The distance, symmetric or asymmetric, of a task to a query: a `Measure`."""

    query: TaskEmbedding
    role: Role

    def plain(self, values: Vector) -> float:
        """Return the plain distance of a task with ``values`` (n,)."""
        prior = self.query.space.prior_precision
        own, other = with_prior(self.query.values, prior), with_prior(values, prior)
        if self.role is Role.SYMMETRIC:
            return float(symmetric_distance(own, other))
        trivial = trivial_embedding(own.size, prior)
        return float(asymmetric_distance(source=other, target=own, trivial=trivial))

    def estimates(self, tasks: Sequence[TaskEmbedding], *, within: float) -> DistanceEstimates:
        """Return the distances of the tasks, corrected for noise; errors up to ``within``."""
        if self.role is Role.SYMMETRIC:
            return estimate_distances(self.query, tasks, within=within)
        return estimate_from_sources(tasks, self.query, within=within)

    def competing(self, k: int) -> int:
        """Return how many tasks compete for ``k`` places: without noise the order is another.

        Correcting a distance takes the replicates of both tasks, too much to read of all.
        """
        return k + max(10, k // 2)


class Centred:
    """The centred distance of a task to a query: a `Measure`.

    Args:
        query: the task that others are near to.
        centre: the mean over tasks, shape (n,).
    """

    def __init__(self, query: TaskEmbedding, centre: Array) -> None:
        self._query = query
        self._centre = centre

    @cached_property
    def _own(self) -> Array:
        return self._direction(self._query.values)

    def _direction(self, values: Vector) -> Array:
        return direction(with_prior(values, self._query.space.prior_precision), self._centre)

    def plain(self, values: Vector) -> float:
        """Return the distance of a task with ``values`` (n,)."""
        return float(angle(self._own, self._direction(values)))

    # All that compete are shown, so all need their errors.
    def estimates(
        self,
        tasks: Sequence[TaskEmbedding],
        *,
        within: float,  # noqa: ARG002
    ) -> DistanceEstimates:
        """Return the distances of the tasks: the plain ones, with errors."""
        return estimate_centred(self._query, tasks, centre=self._centre)

    def competing(self, k: int) -> int:
        """Return how many tasks compete for ``k`` places: no correction changes their order."""
        return k


def ranked(records: Sequence[StoredTask], found: DistanceEstimates, *, k: int) -> list[Neighbour]:
    """Return the ``k`` nearest of m tasks by their distances as they are told, with ranks."""
    order = sorted(
        range(len(found)),
        key=lambda j: nearest_first(float(found.distances[j]), records[j].name),
    )[:k]
    errors, intervals = found.errors, found.intervals
    return [
        Neighbour(
            id=records[j].id,
            name=records[j].name,
            distance=float(found.distances[j]),
            standard_error=float(errors[j]),
            interval=(float(intervals[j, 0]), float(intervals[j, 1])),
            rank=rank,
        )
        for j, rank in zip(order, found.ranks(order), strict=True)
    ]


def nearest_first(distance: float, name: str) -> tuple[bool, float, str]:
    """Return what to sort by; tasks that are equally near are in the order of their names."""
    # Without a prior a distance may be nan, which compares with nothing: to the end.
    unknown = math.isnan(distance)
    return unknown, 0.0 if unknown else distance, name


def kth(found: Sequence[DistanceEstimates], k: int) -> float:
    """Return the ``k``-th of the distances so far: what is farther is not told."""
    distances = np.concatenate([np.empty(0), *(each.distances for each in found)])
    return float(np.partition(distances, k - 1)[k - 1]) if distances.size >= k else np.inf
