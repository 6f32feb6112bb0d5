"""Ways to measure how far tasks are apart, each from a stack to the distances that are judged."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from research.development.passes import Setting, features_of
from research.development.stack import Array, Stack
from task2vec.distance import complexity, symmetric_matrix, trivial_embedding, with_prior
from task2vec.distance.noise_correction import noiseless_distances

DEFAULT_PRIOR = 1e-6


@dataclass(frozen=True, eq=False)
class Distances:
    """``aa``, ``bb`` (T, T) between tasks, by either part: row the source, column the target.

    ``repeat`` (T,) is from part a to part b of a task, ``signs`` (T,) from part a to itself with
    other signs, nan where that is not there.
    """

    aa: Array
    bb: Array
    repeat: Array
    signs: Array


Geometry = Callable[[Stack], Distances]
#: From (m, n) and (k, n) to the (m, k) distances.
Measure = Callable[[Array, Array], Array]


def measured(stack: Stack, measure: Measure) -> Distances:
    """Apply a measure to a stack as it is."""
    rows = range(len(stack.tasks))
    return Distances(
        aa=measure(stack.a, stack.a),
        bb=measure(stack.b, stack.b),
        repeat=np.array([measure(stack.a[[t]], stack.b[[t]])[0, 0] for t in rows]),
        signs=np.array(
            [
                measure(stack.a[[t]], stack.signs[[t]])[0, 0]
                if np.isfinite(stack.signs[t]).all()
                else np.nan
                for t in rows
            ]
        ),
    )


def symmetric(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the symmetric distance."""

    def geometry(stack: Stack) -> Distances:
        return measured(stack, lambda a, b: symmetric_matrix(a, b, prior_precision=prior))

    return geometry


def symmetric_of_shapes(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the symmetric distance of embeddings divided by their mean: their shape alone.

    The prior is added before, so that it means what it means elsewhere. Dividing by a number for
    each *element* would change nothing: only ratios of corresponding elements count.
    """

    def shape(values: Array) -> Array:
        F = with_prior(values, prior)
        return np.asarray(F / F.mean(axis=1, keepdims=True))

    def geometry(stack: Stack) -> Distances:
        return measured(_mapped(stack, shape), symmetric_matrix)

    return geometry


def symmetric_relative(share: float) -> Geometry:
    """Return the symmetric distance with ``share`` of an element's typical value as its prior.

    An element's typical value is its geometric mean over the tasks, at least 1e-12: the prior is
    what centring over the tasks would change.
    """

    def geometry(stack: Stack) -> Distances:
        both = np.concatenate([stack.a, stack.b])
        typical = np.exp(np.log(np.maximum(both, 1e-12)).mean(axis=0))
        return measured(_mapped(stack, lambda F: F / typical + share), symmetric_matrix)

    return geometry


def asymmetric(alpha: float, prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the asymmetric distance, the symmetric one less ``alpha`` times the complexity."""

    def measure(a: Array, b: Array) -> Array:
        near = symmetric_matrix(a, b, prior_precision=prior)
        return np.asarray(near - alpha * complexities(a, prior)[:, None])

    return lambda stack: measured(stack, measure)


def complexities(values: Array, prior: float) -> Array:
    """Return the symmetric distances (T,) of (T, n) estimates to the trivial embedding."""
    trivial = trivial_embedding(values.shape[1], prior)
    return np.array([float(complexity(row, trivial)) for row in with_prior(values, prior)])


def log_cosine(prior: float = DEFAULT_PRIOR, *, over_tasks: bool) -> Geometry:
    """Return 1 - cosine of the log estimates, centred over the tasks if wanted, then over elements.

    The mean over the tasks is that of all tasks and both parts.
    """

    def geometry(stack: Stack) -> Distances:
        both = np.log(np.concatenate([stack.a, stack.b]) + prior)
        centre = both.mean(axis=0) if over_tasks else np.zeros(both.shape[1])

        def centred(F: Array) -> Array:
            x = np.log(F + prior) - centre
            return np.asarray(x - x.mean(axis=1, keepdims=True))

        return measured(_mapped(stack, centred), cosine_distances)

    return geometry


def log_euclid(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the root mean square of the differences of the log estimates."""

    def geometry(stack: Stack) -> Distances:
        logs = _mapped(stack, lambda F: np.log(F + prior))
        return measured(
            logs,
            lambda a, b: np.array([np.sqrt(np.square(row - b).mean(axis=1)) for row in a]),
        )

    return geometry


def information(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the information distance an element: ``(Fs/Ft - 1 - log(Fs/Ft)) / 2`` on average."""

    def measure(a: Array, b: Array) -> Array:
        targets = with_prior(b, prior)
        ratios = (row / targets for row in with_prior(a, prior))
        return np.array([((r - 1 - np.log(r)) / 2).mean(axis=1) for r in ratios])

    return lambda stack: measured(stack, measure)


def corrected(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the symmetric distance less its first-order bias, by the jackknife over groups.

    Noise raises the distance by about c/n in n images; leaving a group of K out of one side raises
    that side's part by c/n / (K - 1). So ``(K - 1) (mean_k d_(k) - d)`` estimates one side's part,
    and both are subtracted. Both sides of a repeat have noise of their own, and so have two tasks.
    """

    def geometry(stack: Stack) -> Distances:
        plain = symmetric(prior)(stack)
        groups = stack.replicates_a.shape[1]
        sides = [
            [_without(stack.a, stack.replicates_a, stack.shares_a, k) for k in range(groups)],
            [_without(stack.b, stack.replicates_b, stack.shares_b, k) for k in range(groups)],
        ]

        def raised(left_out: list[Array], others: Array, distance: Array) -> Array:
            mean = np.mean(
                [symmetric_matrix(part, others, prior_precision=prior) for part in left_out], axis=0
            )
            return np.asarray((groups - 1) * (mean - distance))

        def of_repeat(left_out: list[Array], others: Array) -> Array:
            rows = range(len(others))
            pairs = [
                [
                    symmetric_matrix(part[[t]], others[[t]], prior_precision=prior)[0, 0]
                    for t in rows
                ]
                for part in left_out
            ]
            return np.asarray((groups - 1) * (np.mean(pairs, axis=0) - plain.repeat))

        aa, bb = (
            raised(left_out, whole, distance)
            for left_out, whole, distance in zip(
                sides, (stack.a, stack.b), (plain.aa, plain.bb), strict=True
            )
        )
        return replace(
            plain,
            aa=plain.aa - aa - aa.T,
            bb=plain.bb - bb - bb.T,
            repeat=plain.repeat - of_repeat(sides[0], stack.b) - of_repeat(sides[1], stack.a),
        )

    return geometry


def noiseless(prior: float = DEFAULT_PRIOR) -> Geometry:
    """Return the symmetric distance without noise, as users are shown it."""

    def geometry(stack: Stack) -> Distances:
        a, b = stack.replicates_a, stack.replicates_b

        def between(groups: NDArray[np.float32]) -> Array:
            found = [noiseless_distances(x, list(groups), prior_precision=prior) for x in groups]
            return np.array([row.distances for row in found])

        pairs = zip(a, b, strict=True)
        return Distances(
            aa=between(a),
            bb=between(b),
            repeat=np.array(
                [noiseless_distances(x, [y], prior_precision=prior).distances[0] for x, y in pairs]
            ),
            # The noise of the same images is not independent: what it takes off says nothing.
            signs=np.full(len(stack.tasks), np.nan),
        )

    return geometry


def mean_features(setting: Setting, *, over_tasks: bool = False) -> Geometry:
    """Return 1 - cosine of the probe's mean features: the rival without Fisher."""

    def geometry(stack: Stack) -> Distances:
        means = np.array(
            [
                [
                    half.mean(axis=0, dtype=np.float64)
                    for half in features_of(setting.probe, setting.side, setting.images, task)
                ]
                for task in stack.tasks
            ]
        )
        if over_tasks:
            means = means - means.mean(axis=(0, 1))
        features = replace(
            stack, a=means[:, 0], b=means[:, 1], signs=np.full_like(means[:, 0], np.nan)
        )
        return measured(features, cosine_distances)

    return geometry


def cosine_distances(a: Array, b: Array) -> Array:
    """Return 1 - cosine between the rows of each, (m, k)."""
    return np.asarray(1 - _unit(a) @ _unit(b).T)


def _unit(x: Array) -> Array:
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def _mapped(stack: Stack, function: Callable[[Array], Array]) -> Stack:
    return replace(stack, a=function(stack.a), b=function(stack.b), signs=function(stack.signs))


def _without(values: Array, replicates: NDArray[np.float32], shares: Array, group: int) -> Array:
    """Return the estimates (T, n) from all groups but one."""
    share = shares[:, [group]]
    # The whole is float64 and the group float32: where a filter lives in one group, what is left
    # may come out below 0 by rounding.
    return np.maximum((values - share * replicates[:, group]) / (1 - share), 0)
