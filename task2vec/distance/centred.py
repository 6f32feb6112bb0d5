"""The centred distance: 1 - cosine of the logs, centred over tasks and then over elements.

What all tasks have in common is taken out of each, so that two tasks are near when they depart
from the mean task in the same direction, however far each of them goes. It depends on the tasks
that the mean is taken over: docs/adr/0017-symmetric-distance-default.md. That it is of these tasks
and no others is no error of theirs, and the distance is not corrected for noise.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from task2vec.distance.distance_estimates import DistanceEstimates
from task2vec.distance.embedding_distances import precisions
from task2vec.distance.jackknife import deviations, left_out
from task2vec.distance.noise_correction import HALVINGS
from task2vec.distance.operands import Array, operands, with_prior
from task2vec.types import TaskEmbedding

FEWEST_TASKS = 3
"""Tasks that a mean is taken over, at least: with one there is no direction left, and two are at a
distance of 2 from each other whatever they are."""

# A root mean square of centred logs below this is nothing but the rounding of float64.
_NOTHING = 1e-9
# Float32 holds logs to 1e-6; below this it would not tell directions.
_LITTLE = 0.05
# A block and its scratch space stay in a core's second-level cache.
_BLOCK_BYTES = 1 << 19


def log_centre(parts: Iterable[NDArray[np.float32]], *, prior_precision: float) -> Array:
    """Return the mean over tasks of ``log(F + prior_precision)``, float64, shape (n,).

    Args:
        parts: the embeddings, at least one, a few at a time: each of shape (m, n).
        prior_precision: is added to every element first. Without one an element that is 0 in any
            task has the mean -inf, and no task a distance.

    Raises:
        SettingError: for a prior precision that is negative or not finite.
    """
    total: Array | None = None
    count = 0
    for part in parts:
        x = with_prior(part, prior_precision)
        with np.errstate(divide="ignore"):
            np.log(x, out=x)
        sums = x.sum(axis=0)
        total = sums if total is None else total + sums
        count += len(x)
    assert total is not None, "there is an embedding"
    return np.asarray(total / count)


def centred_distance(a: ArrayLike, b: ArrayLike, *, centre: ArrayLike) -> Array:
    """Return ``1 - cos(x - mean x, y - mean y)``, in [0, 2].

    x is ``log a - centre``, y the same of b. 1 is for directions that have nothing in common, more
    for opposite ones, 0 for proportional vectors. Noise is not corrected for: it adds to the
    lengths of x and y and not to their product, and so draws the cosine towards 0.

    nan where an element is 0 in either, and for a task that is proportional to the mean one, which
    has no direction.

    Args:
        a: shape (..., n), the prior precision included; leading dimensions broadcast.
        b: shape (..., n).
        centre: the mean over tasks, shape (n,): see `log_centre`.

    Returns:
        Shape (...), without the last axis: shape () for two vectors.

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    first, second = operands(a, b)
    return angle(direction(first, centre), direction(second, centre))


def direction(x: Array, centre: ArrayLike) -> Array:
    """Return the centred logs of x (..., n) at unit length; nan where they have none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(x) - centre
        logs -= logs.mean(axis=-1, keepdims=True)
        length = np.sqrt(np.square(logs).sum(axis=-1, keepdims=True))
        known = length > _NOTHING * np.sqrt(max(1, x.shape[-1]))
        return np.asarray(logs / np.where(known, length, np.nan))


def angle(u: Array, v: Array) -> Array:
    """Return 1 - cosine (...) of directions u (..., n) and v (..., n)."""
    # As |u - v|^2 / 2, without cancellation: see `task2vec.distance.symmetric`.
    return np.asarray(np.minimum(0.5 * np.square(u - v).sum(axis=-1), 2.0))


def fast_centred(
    query: ArrayLike, columns: NDArray[np.float32], *, centre: Array, prior_precision: float
) -> NDArray[np.float64]:
    """Return the centred distances (k,) of a query (n,) to ``columns`` (k, n), mostly in float32.

    Off by `task2vec.distance.FAST_ERROR` at most: for finding those worth an exact one. Columns
    that float32 cannot tell from the centre get the distance of `centred_distance`.
    """
    own = with_prior(query, prior_precision)
    towards = direction(own, centre)
    near = towards.astype(np.float32)
    prior, middle = np.float32(prior_precision), centre.astype(np.float32)
    result, size = np.empty(len(columns)), max(1, own.size)
    height = max(1, _BLOCK_BYTES // (4 * size))
    block = np.empty((height, own.size), dtype=np.float32)
    ones = np.ones(own.size, dtype=np.float32)
    for start in range(0, len(columns), height):
        rows = slice(start, start + height)
        x = block[: len(columns[rows])]
        with np.errstate(divide="ignore", invalid="ignore"):
            np.log(np.add(columns[rows], prior, out=x), out=x)
            x -= middle
            # Before squaring: a mean that is large beside the spread would leave its rounding.
            x -= (x @ ones / np.float32(size))[:, None]
            squares = np.einsum("ij,ij->i", x, x)
            result[rows] = 1 - (x @ near) / np.sqrt(np.maximum(squares, 0))
        for i in start + np.flatnonzero(~(squares > _LITTLE**2 * size)):
            other = with_prior(columns[i], prior_precision)
            result[i] = angle(towards, direction(other, centre))
    return result


def estimate_centred(
    query: TaskEmbedding, tasks: Sequence[TaskEmbedding], *, centre: Array
) -> DistanceEstimates:
    """Estimate the centred distances between a query and each of m tasks.

    The errors are the jackknife's, for the images of either side; heads are held.

    Args:
        query: the task that the others are near to.
        tasks: the others.
        centre: the mean over tasks, shape (n,): see `task2vec.distance.centred.log_centre`.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    own = direction(precisions(query), centre)
    without = direction(left_out(query), centre)
    count = len(tasks)
    distances, by_task = np.empty(count), np.empty(count)
    by_query = np.empty((count, len(without)))
    for row, task in enumerate(tasks):
        query.space.check_same(task.space)
        other = direction(precisions(task), centre)
        distances[row] = angle(own, other)
        by_query[row] = deviations(angle(without, other))
        by_task[row] = np.square(deviations(angle(direction(left_out(task), centre), own))).sum()
    return DistanceEstimates(
        distances=distances,
        by_query=by_query,
        by_task=by_task,
        by_halving=np.zeros((count, HALVINGS)),
        by_query_head=np.zeros(count),
        by_heads=np.zeros(count),
        groups=np.array([len(task.replicates) for task in tasks]),
    )
