"""How well the default will do on a task: its accuracy there, before it is tried.

The log-odds of the accuracy are a Gaussian process over tasks: linear in the logarithm of the
number of classes and in the task's complexity, and alike on tasks that are alike. On 36 tasks it
foretells the accuracy at 5 images a class to 9.5 points (root mean square), where the mean of the
other tasks is off by 21.6: see docs/adr/0026-hierarchical-gains.md.
"""

from dataclasses import dataclass

import numpy as np

from task2vec.recommend.world import Indices, Matrix

#: Symmetric distance at which two tasks are no longer of like difficulty, and the standard
#: deviations, in log-odds, of what is common to like tasks and of what is a task's own.
_LIKE, _COMMON, _OWN = 0.45, 0.5, 0.4
#: Prior standard deviations of the mean and of the two slopes, for features of unit spread.
_MEAN, _SLOPE = 3.0, 1.0
#: Accuracies nearer to 0 or 1 than this count as at this distance: log-odds have no ends.
_EDGE = 0.01


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

    ``classes`` (T,) and ``complexity`` (T,), and ``symmetric`` (T, T) distances.
    """

    classes: Matrix
    complexity: Matrix
    symmetric: Matrix


def foretell(outlines: Outlines, base: Matrix, *, target: int) -> Difficulty:
    """Return what the default's accuracies ``base`` (T,) on other tasks say of the ``target``.

    nan stands for tasks that it was not measured on; the target's own does not count. The mean
    over no task at all is an even chance, with next to no weight.
    """
    features = np.stack([np.log(outlines.classes), outlines.complexity], axis=1)
    return foretell_from(features, outlines.symmetric, base, target=target)


def foretell_from(features: Matrix, symmetric: Matrix, base: Matrix, *, target: int) -> Difficulty:
    """Return what `foretell` does, from any ``features`` (T, F) of the tasks."""
    known = np.isfinite(base)
    known[target] = False
    rows = np.flatnonzero(known)
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
    known = np.flatnonzero(np.isfinite(base))
    edged = np.clip(base[known], _EDGE, 1 - _EDGE)
    found = [foretell(outlines, base, target=int(task)) for task in known]
    off = np.log(edged / (1 - edged)) - np.array([each.mean for each in found])
    return np.abs(off) / np.array([each.sd for each in found]), known


def _accuracy(logits: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-logits)))
