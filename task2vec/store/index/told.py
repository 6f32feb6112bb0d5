"""The nearest tasks as they are told: by their distances without noise, with errors and ranks."""

import math
from collections.abc import Sequence

from task2vec.store.index.protocol import Role
from task2vec.store.index.roles import role_estimates
from task2vec.types import Neighbour, TaskEmbedding, TaskRecord


def candidates(k: int) -> int:
    """Return how many tasks, nearest by the plain distance, compete for ``k`` places.

    Correcting a distance for noise takes the replicates of both tasks, too much to read of all.
    """
    return k + max(10, k // 2)


def told(
    tasks: Sequence[tuple[TaskRecord, TaskEmbedding]],
    query: TaskEmbedding,
    *,
    k: int,
    role: Role,
    alpha: float,
) -> list[Neighbour]:
    """Return the ``k`` nearest of the tasks by their distances without noise, with ranks."""
    found = role_estimates([task for _, task in tasks], query, role=role, alpha=alpha)
    records = [record for record, _ in tasks]
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
