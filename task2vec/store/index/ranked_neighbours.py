"""The nearest tasks as they are told: with errors and ranks."""

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from task2vec.distance import DistanceEstimates
from task2vec.messages.neighbours import Neighbour
from task2vec.types import TaskEmbedding, TaskRecord, Vector


class Measure(Protocol):
    """How near tasks are to a query."""

    def plain(self, values: Vector) -> float:
        """Return the distance of a task with ``values`` (n,) that candidates are found by."""

    def estimates(self, tasks: Sequence[TaskEmbedding], *, within: float) -> DistanceEstimates:
        """Return the distances of tasks as they are told; errors of those ``within`` at least."""

    def competing(self, k: int) -> int:
        """Return how many tasks, nearest by the plain distance, compete for ``k`` places."""


def told(records: Sequence[TaskRecord], found: DistanceEstimates, *, k: int) -> list[Neighbour]:
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
