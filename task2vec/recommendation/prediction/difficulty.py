"""How well the default will do on a task: its accuracy there, before it is tried.

The log-odds of the accuracy are a Gaussian process over tasks: linear in the logarithm of the
number of classes and in that of the nats in the weights of a head that is refitted to the task,
and alike on tasks that are alike. Where too few tasks tell of their nats, as those that earlier
versions embedded, their complexity takes the place. On 36 tasks, each left out, the accuracy at 5
images a class is foretold to 4.9 points on average, by complexity to 7.2: see
docs/adr/0030-information-and-difficulty.md.
"""

from dataclasses import dataclass

import numpy as np

from task2vec.recommendation.evidence.world import Indices, Matrix

#: Symmetric distance at which two tasks are no longer of like difficulty, and the standard
#: deviations, in log-odds, of what is common to like tasks and of what is a task's own.
_LIKE, _COMMON, _OWN = 0.45, 0.5, 0.4
#: Prior standard deviations of the mean and of the two slopes, for features of unit spread.
_MEAN, _SLOPE = 3.0, 1.0
#: Accuracies nearer to 0 or 1 than this count as at this distance: log-odds have no ends.
_EDGE = 0.01
#: Known accuracies that something is foretold from at least; nats below these count as these.
LEAST_TASKS, _LEAST_NATS = 5, 0.1
#: Nats in a head grow with this power of the number of images: the mean over 36 tasks, from 60 to
#: 240 images (standard deviation 0.19).
_GROWTH = 0.64


@dataclass(frozen=True, eq=False)
class Difficulty:
    """What is thought of the default's accuracy on one task, in log-odds."""

    mean: float
    sd: float

    @property
    def accuracy(self) -> float:
        """The median accuracy, a fraction."""
        return float(_accuracy(np.array(self.mean)))

    def interval(self, reach: float) -> tuple[float, float]:
        """Return the accuracies ``reach`` standard deviations below and above."""
        low, high = _accuracy(np.array([self.mean - reach * self.sd, self.mean + reach * self.sd]))
        return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Outlines:
    """What is known of T tasks without trying anything on them.

    ``classes`` (T,) and ``complexity`` (T,), and ``symmetric`` (T, T) distances. ``nats`` (T,) are
    those in the heads, ``images`` (T,) the numbers of images; nan where they are not known.
    """

    classes: Matrix
    complexity: Matrix
    symmetric: Matrix
    nats: Matrix | None = None
    images: Matrix | None = None


def foretell(outlines: Outlines, base: Matrix, *, target: int) -> Difficulty:
    """Return what the default's accuracies ``base`` (T,) on other tasks say of the ``target``.

    nan stands for tasks that it was not measured on; the target's own does not count. The mean
    over no task at all is an even chance, with next to no weight.
    """
    classes = np.log(outlines.classes)
    if outlines.nats is not None and outlines.images is not None:
        finite = np.isfinite(outlines.nats)
        rest = np.isfinite(base) & (np.arange(len(base)) != target)
        # Tasks that do not tell of their nats are left out, so most have to.
        if finite[target] and (rest & finite).sum() >= max(LEAST_TASKS, rest.sum() / 2):
            nats = np.log(np.maximum(np.where(finite, outlines.nats, 1), _LEAST_NATS))
            # As of equally many images, by a known power: a slope for their number, fitted where
            # tasks hardly differ in it, would run wild at a task that does.
            nats -= _GROWTH * np.log(np.where(finite, outlines.images, 1))
            features = np.stack([classes, nats], axis=1)
            accuracies = np.where(finite, base, np.nan)
            return foretell_from(features, outlines.symmetric, accuracies, target=target)
    features = np.stack([classes, outlines.complexity], axis=1)
    return foretell_from(features, outlines.symmetric, base, target=target)


def foretell_from(features: Matrix, symmetric: Matrix, base: Matrix, *, target: int) -> Difficulty:
    """Return what `foretell` does, from any ``features`` (T, F) of the tasks."""
    measured = np.isfinite(base)
    measured[target] = False
    rows = np.flatnonzero(measured)
    edged = np.clip(base[rows], _EDGE, 1 - _EDGE)
    logits = np.log(edged / (1 - edged))
    if rows.size:
        features = features - features[rows].mean(axis=0)
        spread = features[rows].std(axis=0)
        features = features / np.where(spread > 0, spread, 1.0)
    design = np.concatenate([np.ones((len(features), 1)), features], axis=1)
    slopes = np.square([_MEAN, *[_SLOPE] * features.shape[1]])
    near = np.exp(-np.square(np.maximum(symmetric, 0) / _LIKE))
    prior = (design * slopes) @ design.T + _COMMON**2 * near
    noisy = prior[np.ix_(rows, rows)] + _OWN**2 * np.eye(rows.size)
    across = prior[target, rows]
    weights = np.linalg.solve(noisy, across)
    variance = prior[target, target] + _OWN**2 - float(weights @ across)
    return Difficulty(float(weights @ logits), float(np.sqrt(max(variance, 0))))


def errors_elsewhere(outlines: Outlines, base: Matrix) -> tuple[Matrix, Indices]:
    """Return how far off `foretell` is on each task of known accuracy, and which these are.

    In standard deviations of the log-odds, absolute.
    """
    measured = np.flatnonzero(np.isfinite(base))
    edged = np.clip(base[measured], _EDGE, 1 - _EDGE)
    foretold = [foretell(outlines, base, target=int(task)) for task in measured]
    off = np.log(edged / (1 - edged)) - np.array([each.mean for each in foretold])
    return np.abs(off) / np.array([each.sd for each in foretold]), measured


def _accuracy(logits: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-logits)))
