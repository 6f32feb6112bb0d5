"""Distances between embeddings, batched, without torch.

The bare formulas take arrays and return arrays; they raise no question of noise. Those on
embeddings check that these may be compared and add the prior precision of their space: what begins
with ``task_`` is corrected for the noise of the embeddings, what begins with ``plain_`` is not.
"""

from task2vec.distance.asymmetric import ALPHA, asymmetric_distance, complexity
from task2vec.distance.by_layer import layer_distances, layer_groups
from task2vec.distance.centred import (
    FEWEST_TASKS,
    centred_distance,
    estimate_centred,
    fast_centred,
    log_centre,
)
from task2vec.distance.distance_estimates import DistanceEstimates
from task2vec.distance.embedding_distances import (
    plain_information_distance,
    plain_symmetric_distance,
    task_complexity,
)
from task2vec.distance.estimates import (
    estimate_distances,
    estimate_from_sources,
    estimate_to_targets,
)
from task2vec.distance.information import information_distance
from task2vec.distance.matrix import FAST_ERROR, fast_symmetric, symmetric_matrix
from task2vec.distance.noise_correction import GROUPS, Noiseless, noiseless_distances
from task2vec.distance.operands import trivial_embedding, with_prior
from task2vec.distance.repeats import ImageNoise, head_distance, image_noise
from task2vec.distance.symmetric import symmetric_distance, symmetric_parts
from task2vec.distance.tasks import (
    asymmetric_distance_error,
    distance_error,
    distance_interval,
    information_distance_error,
    task_asymmetric_distance,
    task_information_distance,
    task_symmetric_distance,
)

# Users have these from `task2vec`, without the prefix: a TypeError of Python's own names them so.
for _public in (
    task_asymmetric_distance,
    task_complexity,
    task_information_distance,
    task_symmetric_distance,
):
    _public.__name__ = _public.__qualname__ = _public.__name__.removeprefix("task_")
    _public.__module__ = "task2vec"

__all__ = [
    "ALPHA",
    "FAST_ERROR",
    "FEWEST_TASKS",
    "GROUPS",
    "DistanceEstimates",
    "ImageNoise",
    "Noiseless",
    "asymmetric_distance",
    "asymmetric_distance_error",
    "centred_distance",
    "complexity",
    "distance_error",
    "distance_interval",
    "estimate_centred",
    "estimate_distances",
    "estimate_from_sources",
    "estimate_to_targets",
    "fast_centred",
    "fast_symmetric",
    "head_distance",
    "image_noise",
    "information_distance",
    "information_distance_error",
    "layer_distances",
    "layer_groups",
    "log_centre",
    "noiseless_distances",
    "plain_information_distance",
    "plain_symmetric_distance",
    "symmetric_distance",
    "symmetric_matrix",
    "symmetric_parts",
    "task_asymmetric_distance",
    "task_complexity",
    "task_information_distance",
    "task_symmetric_distance",
    "trivial_embedding",
    "with_prior",
]
