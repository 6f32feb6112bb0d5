"""The distance that a role asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from task2vec.distance import (
    DistanceEstimates,
    asymmetric_distance,
    estimate_distances,
    estimate_from_sources,
    estimate_to_targets,
    symmetric_distance,
    trivial_embedding,
    with_prior,
)
from task2vec.store.index.protocol import Role
from task2vec.types import TaskEmbedding, Vector


@dataclass(frozen=True, eq=False)
class InRole:
    """The distance of a task in a role to a query: a `task2vec.store.index.told.Measure`."""

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
