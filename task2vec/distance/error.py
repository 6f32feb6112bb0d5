"""The standard error of a distance, from groups of the images that the embeddings were made of.

One image moves all elements of an embedding together, so that their standard errors, taken as
independent, make that of a distance far too small. Leaving out a group of images moves them as
they move.
"""

import math
from collections.abc import Sequence

import numpy as np

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.between import precisions, trivial_of
from task2vec.distance.operands import Array
from task2vec.types import TaskEmbedding

# Elements whose doubles for 8 groups stay in a core's second-level cache.
_SLICE = 2048


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
    (without_a,) = _without_a_group(a, [precisions(b)])
    (without_b,) = _without_a_group(b, [precisions(a)])
    return math.hypot(_jackknife(without_a), _jackknife(without_b))


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
    distances, complexities = _without_a_group(source, [precisions(target), trivial_of(source)])
    # Groups left out of the target leave the source's complexity as it is, which cancels below.
    (without_target,) = _without_a_group(target, [precisions(source)])
    return math.hypot(_jackknife(distances - alpha * complexities), _jackknife(without_target))


def _without_a_group(embedding: TaskEmbedding, others: Sequence[Array]) -> list[Array]:
    """Return the symmetric distances (K,) to each of ``others`` (n,), without each of the groups.

    All come from one pass over the elements, a slice at a time: each slice is converted once,
    and its scratch space stays in a core's cache. The sums are those of
    `task2vec.distance.matrix.symmetric_matrix`.
    """
    count, prior = len(embedding.replicates), embedding.space.prior_precision
    sums = np.zeros((len(others), 3, count))
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, embedding.values.size, _SLICE):
            elements = slice(start, start + _SLICE)
            x = embedding.replicates[:, elements].astype(np.float64)
            # A group whose share is a little below 1/K may hold more than K times the mean of a
            # filter that no other group excites: without it nothing is left, not less.
            np.maximum(np.subtract(count, x, out=x), 0.0, out=x)
            x *= embedding.values[elements].astype(np.float64) / (count - 1)
            x += prior
            w = np.empty_like(x)
            for (yy, xy, xx), other in zip(sums, others, strict=True):
                y = other[elements]
                np.add(x, y, out=w)
                np.divide(1.0, np.multiply(w, w, out=w), out=w)
                yy += w @ np.square(y)
                np.multiply(w, x, out=w)
                xy += w @ y
                xx += np.einsum("ij,ij->i", w, x)
        return [np.asarray(1 - xy / np.sqrt(yy * xx)) for yy, xy, xx in sums]


def _jackknife(distances: Array) -> float:
    count = len(distances)
    return float(np.sqrt((count - 1) / count * np.square(distances - distances.mean()).sum()))
