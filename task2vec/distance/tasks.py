"""Distances between tasks: those of their embeddings, corrected for the noise of these."""

import numpy as np

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.embedding_distances import (
    plain_information_distance,
    plain_symmetric_distance,
    precisions,
)
from task2vec.distance.estimates import estimate_distances, estimate_to_targets, is_same
from task2vec.distance.information import information_distance
from task2vec.distance.jackknife import deviations, left_out
from task2vec.distance.noise_correction import GROUPS
from task2vec.types import TaskEmbedding
from task2vec.types.embedding import check_embeddings


def task_symmetric_distance(a: TaskEmbedding, b: TaskEmbedding) -> float:
    """Return the symmetric distance, corrected for noise; between near tasks it may be negative.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(a=a, b=b)
    return float(estimate_distances(a, [b]).distances[0])


def distance_error(a: TaskEmbedding, b: TaskEmbedding) -> float:
    """Return the standard error of `task_symmetric_distance` over repeats with refitted heads.

    Itself it is known to about a quarter. Without a prior, elements that are 0 in both make it nan.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(a=a, b=b)
    return float(estimate_distances(a, [b]).errors[0])


def distance_interval(a: TaskEmbedding, b: TaskEmbedding) -> tuple[float, float]:
    """Return the 95 % interval of `task_symmetric_distance`; it may reach below 0.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(a=a, b=b)
    low, high = estimate_distances(a, [b]).intervals[0]
    return float(low), float(high)


def task_asymmetric_distance(
    *, source: TaskEmbedding, target: TaskEmbedding, alpha: float = ALPHA
) -> float:
    """Return how bad a start ``source`` is for ``target``; smaller is better, may be negative.

    Its symmetric part is corrected for noise.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(source=source, target=target)
    return float(estimate_to_targets(source, [target], alpha=alpha).distances[0])


def asymmetric_distance_error(
    *, source: TaskEmbedding, target: TaskEmbedding, alpha: float = ALPHA
) -> float:
    """Return the standard error of `task_asymmetric_distance` over repeats with refitted heads.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(source=source, target=target)
    return float(estimate_to_targets(source, [target], alpha=alpha).errors[0])


def task_information_distance(*, source: TaskEmbedding, target: TaskEmbedding) -> float:
    """Return the nats that the target's posterior needs beyond the source as prior.

    Noise doubles it easily, mostly through ``1/target``. Unlike the symmetric distance it does not
    saturate, and the jackknife's correction of first order, ``K d - (K - 1) mean d_k`` once for
    each side, does well: docs/adr/0012-distances-without-noise.md. It may come out negative.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(source=source, target=target)
    plain = plain_information_distance(source=source, target=target)
    if not np.isfinite(plain) or is_same(plain_symmetric_distance(source, target)):
        return plain
    means = (float(np.mean(each)) for each in _without_groups(source, target))
    return plain - sum((GROUPS - 1) * (mean - plain) for mean in means)


def information_distance_error(*, source: TaskEmbedding, target: TaskEmbedding) -> float | None:
    """Return the standard error of `task_information_distance` by the jackknife, the heads held.

    None where one of the two has too few images for one.

    Raises:
        WrongTypeError: for what is no `TaskEmbedding`.
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    check_embeddings(source=source, target=target)
    source.space.check_same(target.space)
    without = _without_groups(source, target)
    if len(without) < 2:
        return None
    return float(np.sqrt(np.square(deviations(np.array(without))).sum()))


def _without_groups(source: TaskEmbedding, target: TaskEmbedding) -> list[list[float]]:
    """Return the information distances without each group of the source, and of the target.

    Only of those that have `GROUPS` of them.
    """
    prior, posterior, distances = precisions(source), precisions(target), []
    if len(source.replicates) == GROUPS:
        without = left_out(source)
        distances.append([float(information_distance(source=x, target=posterior)) for x in without])
    if len(target.replicates) == GROUPS:
        without = left_out(target)
        distances.append([float(information_distance(source=prior, target=x)) for x in without])
    return distances
