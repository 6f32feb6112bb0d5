"""How a distance moves when a group of images is left out: the delete-a-group jackknife.

One image moves all elements of an embedding together, so that their standard errors, taken as
independent, make that of a distance far too small. Leaving out a group of images moves them as
they move. With ``d_k`` the distance without group k of K, the variance of the distance is
``(K - 1)/K sum_k (d_k - mean d)^2`` (Kott 2001, "The delete-a-group jackknife").
"""

from collections.abc import Sequence

import numpy as np

from task2vec.distance.embedding_distances import precisions
from task2vec.distance.operands import Array
from task2vec.types import TaskEmbedding

# Numbers of a slice: with its scratch space it stays in a core's second-level cache. Larger ones
# would mean fewer calls, between which the threads of a server take turns.
_CELLS = 1 << 16


def without_groups_of(task: TaskEmbedding, others: Sequence[TaskEmbedding]) -> Array:
    """Return the symmetric distances (m, K) of a task without each of its groups to m others."""
    distances = without_a_group([task], [precisions(other) for other in others])
    return np.concatenate([np.empty((0, len(task.replicates))), *distances])


def without_a_group(tasks: Sequence[TaskEmbedding], others: Sequence[Array]) -> list[Array]:
    """Return the symmetric distances (m, K) of m tasks without each group to each of ``others``.

    All come from one pass over the elements, a slice at a time: each slice is converted once,
    and its scratch space stays in a core's cache. The sums are those of
    `task2vec.distance.matrix.symmetric_matrix`. All tasks have K groups.
    """
    count, prior = len(tasks[0].replicates), tasks[0].space.prior_precision
    size = tasks[0].values.size
    sums = np.zeros((len(others), 3, len(tasks), count))
    length = max(1, _CELLS // (count * len(tasks)))
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, size, length):
            elements = slice(start, start + length)
            x = np.array([task.replicates[:, elements] for task in tasks], dtype=np.float64)
            # A group whose share is a little below 1/K may hold more than K times the mean of a
            # filter that no other group excites: without it nothing is left, not less.
            np.maximum(np.subtract(count, x, out=x), 0.0, out=x)
            values = np.array([task.values[elements] for task in tasks], dtype=np.float64)
            x *= (values / (count - 1))[:, None]
            x += prior
            w = np.empty_like(x)
            for (yy, xy, xx), other in zip(sums, others, strict=True):
                y = other[elements]
                np.add(x, y, out=w)
                np.divide(1.0, np.multiply(w, w, out=w), out=w)
                yy += w @ np.square(y)
                np.multiply(w, x, out=w)
                xy += w @ y
                xx += np.einsum("mkn,mkn->mk", w, x)
        return [np.asarray(1 - xy / np.sqrt(yy * xx)) for yy, xy, xx in sums]


def left_out(task: TaskEmbedding) -> Array:
    """Return the elements (K, n) without each of the K groups, the prior added."""
    count = len(task.replicates)
    # As above: without a group nothing may be left, not less.
    rest = np.maximum(count - task.replicates.astype(np.float64), 0.0) / (count - 1)
    return np.asarray(task.values * rest + task.space.prior_precision)


def deviations(distances: Array) -> Array:
    """Return what distances (m, K) without each group tell: their squares add up to variances."""
    count = distances.shape[-1]
    spread = distances - distances.mean(axis=-1, keepdims=True)
    return np.asarray(np.sqrt((count - 1) / count) * spread)
