"""The distance that a role asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.distance import (
    DistanceEstimates,
    asymmetric_distance,
    estimate_distances,
    estimate_from_sources,
    estimate_to_targets,
    symmetric_distance,
    task_complexity,
    trivial_embedding,
    with_prior,
)
from task2vec.store.index.protocol import Role
from task2vec.types import TaskEmbedding, Vector


@dataclass(frozen=True, eq=False)
class InRole:
    """The distance of a task in a role to a query: a `ranked_neighbours.Measure`."""

    query: TaskEmbedding
    role: Role
    alpha: float

    def plain(self, values: Vector) -> float:
        """Return the plain distance of a task with ``values`` (n,)."""
        prior = self.query.space.prior_precision
        own, other = with_prior(self.query.values, prior), with_prior(values, prior)
        if self.role is Role.SYMMETRIC:
            return float(symmetric_distance(own, other))
        source, target = (other, own) if self.role is Role.SOURCES_FOR else (own, other)
        trivial = trivial_embedding(own.size, prior)
        return float(
            asymmetric_distance(source=source, target=target, trivial=trivial, alpha=self.alpha)
        )

    def from_symmetric(
        self,
        symmetric: NDArray[np.float64],
        rows: NDArray[np.intp],
        *,
        complexities: Callable[[], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """Return the distances (r,) of ``rows`` (r,), from their symmetric ones.

        ``complexities`` gives those of all rows; it is called where the role needs them.
        """
        match self.role:
            case Role.SYMMETRIC:
                return symmetric
            case Role.SOURCES_FOR:
                return symmetric - self.alpha * complexities()[rows]
            case Role.TARGETS_FOR:
                return symmetric - self.alpha * task_complexity(self.query)

    def estimates(self, tasks: Sequence[TaskEmbedding], *, within: float) -> DistanceEstimates:
        """Return the distances of the tasks, corrected for noise; errors up to ``within``."""
        match self.role:
            case Role.SYMMETRIC:
                return estimate_distances(self.query, tasks, within=within)
            case Role.SOURCES_FOR:
                return estimate_from_sources(tasks, self.query, alpha=self.alpha, within=within)
            case Role.TARGETS_FOR:
                return estimate_to_targets(self.query, tasks, alpha=self.alpha, within=within)

    def competing(self, k: int) -> int:
        """Return how many tasks compete for ``k`` places: without noise the order is another.

        Correcting a distance takes the replicates of both tasks, too much to read of all.
        """
        return k + max(10, k // 2)
