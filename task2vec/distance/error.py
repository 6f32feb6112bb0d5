"""The standard error of a distance, from those of the embeddings' elements."""

import numpy as np

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.between import precisions, trivial_of
from task2vec.distance.operands import Array
from task2vec.distance.symmetric import symmetric_gradient
from task2vec.types import TaskEmbedding


def distance_error(a: TaskEmbedding, b: TaskEmbedding) -> float:
    """Return the standard deviation of the symmetric distance between ``a`` and ``b``.

    The delta method: to first order in the elements' standard errors, and **with the elements
    taken as independent**. Images move many filters together, so that correlated elements make the
    true error larger. For two embeddings that nearly coincide the first order vanishes; what
    remains of their distance is then mostly noise, see ``Provenance.standard_error``.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    a.space.check_same(b.space)
    # With s = log a - log b, d(a, b) has the gradient g with respect to log a, -g with respect to
    # log b; independent elements add their squared contributions.
    slope = symmetric_gradient(precisions(a), precisions(b))
    return _norm(slope * _relative_errors(a), slope * _relative_errors(b))


def asymmetric_distance_error(
    *, source: TaskEmbedding, target: TaskEmbedding, alpha: float = ALPHA
) -> float:
    """Return the standard deviation of the asymmetric distance, as `distance_error` does.

    The source enters twice, by its distance to the target and by its complexity; the trivial
    embedding is a constant.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    source.space.check_same(target.space)
    slope = symmetric_gradient(precisions(source), precisions(target))
    own = slope - alpha * symmetric_gradient(precisions(source), trivial_of(source))
    return _norm(own * _relative_errors(source), slope * _relative_errors(target))


def _relative_errors(embedding: TaskEmbedding) -> Array:
    # The standard error of log(element + prior). An element that is exactly known has none, even
    # where it is 0 and there is no prior.
    errors = embedding.errors.astype(np.float64)
    with np.errstate(divide="ignore"):
        return np.divide(errors, precisions(embedding), out=np.zeros_like(errors), where=errors > 0)


def _norm(*parts: Array) -> float:
    return float(np.sqrt(sum(float(np.square(part).sum()) for part in parts)))
