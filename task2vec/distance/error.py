"""The standard error of a distance, from groups of the images that the embeddings were made of.

One image moves all elements of an embedding together, so that their standard errors, taken as
independent, make that of a distance far too small. Leaving out a group of images moves them as
they move.
"""

from collections.abc import Sequence

import numpy as np

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.between import precisions, trivial_of
from task2vec.distance.operands import Array
from task2vec.types import TaskEmbedding

# Numbers of a slice: with its scratch space it stays in a core's second-level cache. Larger ones
# would mean fewer calls, between which the threads of a server take turns.
_CELLS = 1 << 16
_AT_ONCE = 16


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
    return float(distance_errors(a, [b])[0])


def asymmetric_distance_error(
    *, source: TaskEmbedding, target: TaskEmbedding, alpha: float = ALPHA
) -> float:
    """Return the standard deviation of the asymmetric distance, as `distance_error` does.

    A group left out of the source changes its distance to the target and its complexity at once;
    the trivial embedding is a constant.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    return float(errors_from_sources([source], target, alpha=alpha)[0])


def distance_errors(query: TaskEmbedding, tasks: Sequence[TaskEmbedding]) -> Array:
    """Return the `distance_error` of a query and each of m tasks, shape (m,)."""
    # Leaving groups out of the target alone leaves the source's complexity as it is.
    return errors_to_targets(query, tasks, alpha=0.0)


def errors_from_sources(
    sources: Sequence[TaskEmbedding], target: TaskEmbedding, *, alpha: float = ALPHA
) -> Array:
    """Return the `asymmetric_distance_error` from each of m sources to a target, shape (m,)."""
    for source in sources:
        source.space.check_same(target.space)
    found = [np.empty(0)]
    for some in _parts(sources):
        distances, complexities = _without_a_group(some, [precisions(target), trivial_of(target)])
        by_source = _jackknife(distances - alpha * complexities)
        by_target = _jackknife(_without_groups_of(target, some))
        found.append(np.hypot(by_source, by_target))
    return np.concatenate(found)


def errors_to_targets(
    source: TaskEmbedding, targets: Sequence[TaskEmbedding], *, alpha: float = ALPHA
) -> Array:
    """Return the `asymmetric_distance_error` from a source to each of m targets, shape (m,)."""
    for target in targets:
        source.space.check_same(target.space)
    found = [np.empty(0)]
    complexities = _without_a_group([source], [trivial_of(source)])[0] if alpha else 0.0
    for some in _parts(targets):
        by_source = _jackknife(_without_groups_of(source, some) - alpha * complexities)
        by_target = _jackknife(_without_a_group(some, [precisions(source)])[0])
        found.append(np.hypot(by_source, by_target))
    return np.concatenate(found)


def _parts(tasks: Sequence[TaskEmbedding]) -> list[list[TaskEmbedding]]:
    """Cut the tasks where their numbers of groups change, and where they are many."""
    parts: list[list[TaskEmbedding]] = []
    for task in tasks:
        last = parts[-1] if parts else []
        if not last or len(last) == _AT_ONCE or len(last[0].replicates) != len(task.replicates):
            parts.append([])
        parts[-1].append(task)
    return parts


def _without_groups_of(task: TaskEmbedding, others: Sequence[TaskEmbedding]) -> Array:
    """Return the symmetric distances (m, K) of a task without each of its groups to m others."""
    return np.concatenate(_without_a_group([task], [precisions(other) for other in others]))


def _without_a_group(tasks: Sequence[TaskEmbedding], others: Sequence[Array]) -> list[Array]:
    """Return the symmetric distances (m, K) of m tasks without each group to each of ``others``.

    All come from one pass over the elements, a slice at a time: each slice is converted once,
    and its scratch space stays in a core's cache. The sums are those of
    `task2vec.distance.matrix.symmetric_matrix`.
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


def _jackknife(distances: Array) -> Array:
    """Return the standard deviations (m,) that distances (m, K) without each group tell."""
    count = distances.shape[-1]
    spread = distances - distances.mean(axis=-1, keepdims=True)
    return np.asarray(np.sqrt((count - 1) / count * np.square(spread).sum(axis=-1)))
