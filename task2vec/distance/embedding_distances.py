"""Plain distances between embeddings: one space, its prior precision added, one number out.

Their noise raises them. What people are shown is corrected for it: `task2vec.distance.tasks`.
Plain ones serve where noise is what is measured, and where there are too many to correct.
The formulas on bare arrays are in the modules named after them.
"""

from task2vec.distance.asymmetric import complexity
from task2vec.distance.information import information_distance
from task2vec.distance.operands import Array, trivial_embedding, with_prior
from task2vec.distance.symmetric import symmetric_distance
from task2vec.types import TaskEmbedding
from task2vec.types.embedding import check_embeddings


def precisions(embedding: TaskEmbedding) -> Array:
    """Return the elements with the prior precision of their space added, float64, shape (n,)."""
    return with_prior(embedding.values, embedding.space.prior_precision)


def trivial_of(embedding: TaskEmbedding) -> Array:
    """Return the trivial embedding of the same space, prior included, shape (n,)."""
    return trivial_embedding(embedding.values.size, embedding.space.prior_precision)


def plain_symmetric_distance(a: TaskEmbedding, b: TaskEmbedding) -> float:
    """Return the symmetric distance of the elements as they are, in [0, 1].

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    a.space.check_same(b.space)
    return float(symmetric_distance(precisions(a), precisions(b)))


def plain_information_distance(*, source: TaskEmbedding, target: TaskEmbedding) -> float:
    """Return the information distance of the elements as they are, in nats.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    source.space.check_same(target.space)
    return float(information_distance(source=precisions(source), target=precisions(target)))


def task_complexity(a: TaskEmbedding) -> float:
    """Return the symmetric distance to the trivial task, in [0, 1].

    Not corrected for noise, which lowers it a little: docs/adr/0012-distances-without-noise.md.
    Raises `WrongTypeError` for what is no `TaskEmbedding`.
    """
    check_embeddings(a=a)
    return float(complexity(precisions(a), trivial_of(a)))
