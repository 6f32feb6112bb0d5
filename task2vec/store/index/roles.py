"""The exact distance that a role asks for, and its standard error."""

from collections.abc import Sequence

from task2vec.distance import (
    asymmetric_distance,
    distance_errors,
    errors_from_sources,
    errors_to_targets,
    symmetric_distance,
    trivial_embedding,
    with_prior,
)
from task2vec.store.index.protocol import Role
from task2vec.types import TaskEmbedding, Vector


def role_distance(values: Vector, query: TaskEmbedding, *, role: Role, alpha: float) -> float:
    """Return the distance between a query and a task with ``values`` (n,) of its space."""
    prior = query.space.prior_precision
    own, other = with_prior(query.values, prior), with_prior(values, prior)
    if role is Role.SYMMETRIC:
        return float(symmetric_distance(own, other))
    source, target = (other, own) if role is Role.SOURCES_FOR else (own, other)
    trivial = trivial_embedding(own.size, prior)
    return float(asymmetric_distance(source=source, target=target, trivial=trivial, alpha=alpha))


def role_errors(
    tasks: Sequence[TaskEmbedding], query: TaskEmbedding, *, role: Role, alpha: float
) -> list[float]:
    """Return the standard errors of the distances between a query and each of the tasks."""
    match role:
        case Role.SYMMETRIC:
            found = distance_errors(query, tasks)
        case Role.SOURCES_FOR:
            found = errors_from_sources(tasks, query, alpha=alpha)
        case Role.TARGETS_FOR:
            found = errors_to_targets(query, tasks, alpha=alpha)
    return [float(error) for error in found]
