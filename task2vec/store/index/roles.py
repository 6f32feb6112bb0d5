"""The distance that a role asks for: plain, to find candidates by; and as it is told."""

from collections.abc import Sequence

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


def role_distance(values: Vector, query: TaskEmbedding, *, role: Role, alpha: float) -> float:
    """Return the plain distance between a query and a task with ``values`` (n,) of its space."""
    prior = query.space.prior_precision
    own, other = with_prior(query.values, prior), with_prior(values, prior)
    if role is Role.SYMMETRIC:
        return float(symmetric_distance(own, other))
    source, target = (other, own) if role is Role.SOURCES_FOR else (own, other)
    trivial = trivial_embedding(own.size, prior)
    return float(asymmetric_distance(source=source, target=target, trivial=trivial, alpha=alpha))


def role_estimates(
    tasks: Sequence[TaskEmbedding], query: TaskEmbedding, *, role: Role, alpha: float
) -> DistanceEstimates:
    """Return the distances between a query and each of the tasks, corrected for noise."""
    match role:
        case Role.SYMMETRIC:
            return estimate_distances(query, tasks)
        case Role.SOURCES_FOR:
            return estimate_from_sources(tasks, query, alpha=alpha)
        case Role.TARGETS_FOR:
            return estimate_to_targets(query, tasks, alpha=alpha)
