"""The standard error of a distance, from groups of the images that the embeddings were made of.

One image moves all elements of an embedding together, so that their standard errors, taken as
independent, make that of a distance far too small. Leaving out a group of images moves them as
they move.
"""

import math

import numpy as np

from task2vec.distance.asymmetric import ALPHA, asymmetric_distance
from task2vec.distance.between import precisions, trivial_of
from task2vec.distance.operands import Array
from task2vec.distance.prior import with_prior
from task2vec.distance.symmetric import symmetric_distance
from task2vec.types import TaskEmbedding


def distance_error(a: TaskEmbedding, b: TaskEmbedding) -> float:
    """Return the standard deviation of the symmetric distance over repeats of both embeddings.

    The delete-a-group jackknife (Kott 2001, "The delete-a-group jackknife"), once for each of the
    two with the other held: with ``d_k`` the distance without group k of K,
    ``SE^2 = (K - 1)/K sum_k (d_k - mean d)^2``; both squares are added, since the two are taken
    to be of different images.

    It covers the sampling of images and of signs with all correlations between elements; the
    heads are held. Itself it is known to about ``1/sqrt(2 (K - 1))`` of its size, a quarter for
    K = 8. Where two embeddings nearly coincide, their distance is mostly noise: see
    ``Provenance.standard_error``. Without a prior, elements that are 0 in both make it nan.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    a.space.check_same(b.space)
    return math.hypot(
        _jackknife(symmetric_distance(_without_a_group(a), precisions(b))),
        _jackknife(symmetric_distance(precisions(a), _without_a_group(b))),
    )


def asymmetric_distance_error(
    *, source: TaskEmbedding, target: TaskEmbedding, alpha: float = ALPHA
) -> float:
    """Return the standard deviation of the asymmetric distance, as `distance_error` does.

    A group left out of the source changes its distance to the target and its complexity at once;
    the trivial embedding is a constant.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    source.space.check_same(target.space)

    def distances(of: Array, to: Array) -> Array:
        return asymmetric_distance(source=of, target=to, trivial=trivial_of(source), alpha=alpha)

    return math.hypot(
        _jackknife(distances(_without_a_group(source), precisions(target))),
        _jackknife(distances(precisions(source), _without_a_group(target))),
    )


def _without_a_group(embedding: TaskEmbedding) -> Array:
    """Return the elements (K, n) as estimated without each of the groups, prior included."""
    ratios = embedding.replicates.astype(np.float64)
    count = len(ratios)
    # A group whose share is a little below 1/K may hold more than K times the mean of a filter
    # that no other group excites: without it nothing is left, not less.
    factors = np.maximum(count - ratios, 0.0) / (count - 1)
    return with_prior(embedding.values * factors, embedding.space.prior_precision)


def _jackknife(distances: Array) -> float:
    count = len(distances)
    return float(np.sqrt((count - 1) / count * np.square(distances - distances.mean()).sum()))
