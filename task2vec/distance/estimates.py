"""Estimates of distances: corrected for noise, with their errors, intervals and ties.

The variance of a distance has four parts: what each group of the query's images does on its own,
what each of the other task's does (both by the jackknife), what they do together, which the
halvings tell, and what the two heads do, which were fitted to few images as well. Two distances
from one query share the first part and some of the last two, so that their difference is better
known than either.

A head that is refitted turns an embedding. Let two repeats that differ by their heads alone be at
distance h, and d be ``1 - cos``: each is turned by an angle whose cosine is about ``1 - h/2``. A
turn in a direction of its own takes d to ``d + (1 - d) h/2``. The part of the turn that points to
or from the other task, a share t of it, moves d by ``t sqrt(h) sin``, with ``sin^2 = d (2 - d)``.
The first counts as a part of the error, and not in full: h, which heads of halves of the images
tell, is too large, more so with few images.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.asymmetric import ALPHA
from task2vec.distance.distance_estimates import DistanceEstimates
from task2vec.distance.embedding_distances import (
    plain_symmetric_distance,
    precisions,
    task_complexity,
    trivial_of,
)
from task2vec.distance.jackknife import deviations, without_a_group, without_groups_of
from task2vec.distance.noise_correction import (
    GROUPS,
    HALVINGS,
    Groups,
    Noiseless,
    noiseless_distances,
)
from task2vec.distance.operands import Array
from task2vec.distance.repeats import head_distance
from task2vec.types import TaskEmbedding

_AT_ONCE = 16
#: Sums in another order move an embedding by some 1e-8.
_ONE_TASK = 1e-5
#: How much of the turn aside counts, and the share t above, both chosen on real tasks
#: (docs/adr/0037-refitted-heads.md).
_ASIDE, _TOWARDS = 0.5, 0.025


def estimate_distances(
    query: TaskEmbedding, tasks: Sequence[TaskEmbedding], *, within: float = np.inf
) -> DistanceEstimates:
    """Estimate the symmetric distances between a query and each of m tasks.

    The images of the two are taken to be different ones: noise that both have in common is
    corrected for although it raises nothing; but an embedding is at distance 0 from itself. Of
    fewer than eight images the noise is too little known: theirs is not corrected for. Repeats with
    refitted heads are what the errors hold. Tasks farther than ``within`` get no errors (nan),
    which take longer than distances.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    # To a target the source's complexity is a constant; without a weight it is none.
    return estimate_to_targets(query, tasks, alpha=0.0, within=within)


def estimate_from_sources(
    sources: Sequence[TaskEmbedding],
    target: TaskEmbedding,
    *,
    alpha: float = ALPHA,
    within: float = np.inf,
) -> DistanceEstimates:
    """Estimate the asymmetric distances from each of m sources to a target, the query.

    A group left out of a source changes its distance to the target and its complexity at once; the
    trivial embedding is a constant. Complexity is not corrected, which noise hardly changes: see
    docs/adr/0012-distances-without-noise.md.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """

    def left_out(some: Sequence[TaskEmbedding]) -> tuple[Array, Array]:
        left = without_a_group(some, [precisions(target), trivial_of(target)])
        return without_groups_of(target, some), left[0] - alpha * left[1]

    def far(some: Sequence[TaskEmbedding]) -> Array:
        return np.array([alpha * task_complexity(source) for source in some])

    return _in_parts(target, sources, less=far, left_out=left_out, within=within)


def estimate_to_targets(
    source: TaskEmbedding,
    targets: Sequence[TaskEmbedding],
    *,
    alpha: float = ALPHA,
    within: float = np.inf,
) -> DistanceEstimates:
    """Estimate the asymmetric distances from a source, the query, to each of m targets.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    far, own = 0.0, np.zeros(1)
    if alpha:
        far, own = task_complexity(source), without_a_group([source], [trivial_of(source)])[0]

    def left_out(some: Sequence[TaskEmbedding]) -> tuple[Array, Array]:
        (left,) = without_a_group(some, [precisions(source)])
        return without_groups_of(source, some) - alpha * own, left

    return _in_parts(
        source,
        targets,
        less=lambda some: np.full(len(some), alpha * far),
        left_out=left_out,
        within=within,
    )


def _in_parts(
    query: TaskEmbedding,
    tasks: Sequence[TaskEmbedding],
    *,
    less: Callable[[Sequence[TaskEmbedding]], Array],
    left_out: Callable[[Sequence[TaskEmbedding]], tuple[Array, Array]],
    within: float,
) -> DistanceEstimates:
    """Estimate some tasks at a time.

    ``less`` (m,) is taken off the symmetric distances; ``left_out`` are the distances without each
    group of the query (m, K) and of the tasks.
    """

    def part(some: Sequence[TaskEmbedding]) -> DistanceEstimates:
        near, same = _corrected(query, some)
        distances = near.distances - less(some)
        # A distance may be nan, which is not known to be farther.
        kept = np.flatnonzero(~(distances > within)).tolist()
        by_query = np.full((len(some), len(query.replicates)), np.nan)
        by_task, own_head, heads = np.full((3, len(some)), np.nan)
        if kept:
            close = [some[i] for i in kept]
            query_left, task_left = left_out(close)
            by_query[kept] = deviations(query_left)
            by_task[kept] = np.square(deviations(task_left)).sum(axis=1)
            # The same embedding has the same head.
            turned = _turned(query, close, distances=near.distances[kept])
            own_head[kept], heads[kept] = np.where(same[kept], 0.0, turned)
        return DistanceEstimates(
            distances=distances,
            by_query=by_query,
            by_task=by_task,
            by_halving=near.by_halving,
            by_query_head=own_head,
            by_heads=heads,
            groups=np.array([len(task.replicates) for task in some]),
        )

    for task in tasks:
        query.space.check_same(task.space)
    return DistanceEstimates.joined([part(some) for some in _parts(tasks) or [[]]])


def _parts(tasks: Sequence[TaskEmbedding]) -> list[list[TaskEmbedding]]:
    """Cut the tasks where their numbers of groups change, and where they are many."""
    parts: list[list[TaskEmbedding]] = []
    for task in tasks:
        last = parts[-1] if parts else []
        if not last or len(last) == _AT_ONCE or len(last[0].replicates) != len(task.replicates):
            parts.append([])
        parts[-1].append(task)
    return parts


def _corrected(
    query: TaskEmbedding, tasks: Sequence[TaskEmbedding]
) -> tuple[Noiseless, NDArray[np.bool_]]:
    """Return the symmetric distances of m tasks, corrected where their noise is known.

    With them comes which of the tasks are the query itself (m,).
    """
    plain = np.array([plain_symmetric_distance(query, task) for task in tasks])
    estimates = Noiseless(plain, np.zeros((len(tasks), HALVINGS)))
    if len(query.replicates) == GROUPS:
        noisy = [i for i in range(len(tasks)) if not is_same(plain[i])]
    else:
        noisy = [i for i, task in enumerate(tasks) if len(task.replicates) == GROUPS]
    if noisy:
        corrected = noiseless_distances(
            _groups(query),
            [_groups(tasks[i]) for i in noisy],
            prior_precision=query.space.prior_precision,
        )
        estimates.distances[noisy] = corrected.distances
        estimates.by_halving[noisy] = corrected.by_halving
    return estimates, np.array([is_same(value) for value in plain])


def _turned(query: TaskEmbedding, tasks: Sequence[TaskEmbedding], *, distances: Array) -> Array:
    """Return what heads add to the errors of m distances: ``by_query_head``, ``by_heads``."""
    own, others = head_distance(query), np.array([head_distance(task) for task in tasks])
    d = np.clip(distances, 0.0, 1.0)
    aside = _ASIDE * (1 - d) / 2
    towards = _TOWARDS**2 * d * (2 - d) * (own + others)
    return np.stack([aside * own, np.square(aside * others) + towards])


def _groups(task: TaskEmbedding) -> Groups:
    """Return the estimates from each group, (8, n), or the elements (1, n) as if known exactly."""
    if len(task.replicates) != GROUPS:
        return task.values[None]
    return np.asarray(task.values * task.replicates)


def is_same(plain: float) -> bool:
    """Return whether two embeddings at a plain distance are one: they have their noise in common.

    The same images with the same seed, embedded by another number of threads, are not the same bit
    by bit, but nearer than this by far; and repeats with noise of their own are never as near.
    """
    return plain < _ONE_TASK
