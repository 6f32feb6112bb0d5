"""Distances between embeddings, batched, in float64, without torch.

The bare formulas take arrays and return arrays; those that begin with ``task_`` take embeddings,
check that these may be compared, and add the prior precision of their space.
"""

from task2vec.distance.asymmetric import ALPHA, asymmetric_distance
from task2vec.distance.between import (
    task_asymmetric_distance,
    task_complexity,
    task_information_distance,
    task_symmetric_distance,
)
from task2vec.distance.complexity import complexity
from task2vec.distance.error import (
    asymmetric_distance_error,
    distance_error,
    distance_errors,
    errors_from_sources,
    errors_to_targets,
)
from task2vec.distance.information import information_distance
from task2vec.distance.matrix import symmetric_matrix
from task2vec.distance.prior import trivial_embedding, with_prior
from task2vec.distance.quick import QUICK_ERROR, quick_symmetric
from task2vec.distance.symmetric import symmetric_distance

__all__ = [
    "ALPHA",
    "QUICK_ERROR",
    "asymmetric_distance",
    "asymmetric_distance_error",
    "complexity",
    "distance_error",
    "distance_errors",
    "errors_from_sources",
    "errors_to_targets",
    "information_distance",
    "quick_symmetric",
    "symmetric_distance",
    "symmetric_matrix",
    "task_asymmetric_distance",
    "task_complexity",
    "task_information_distance",
    "task_symmetric_distance",
    "trivial_embedding",
    "with_prior",
]
