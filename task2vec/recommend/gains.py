"""The arithmetic of gains: what evidence from other tasks says of a model on this one.

A gain is an outcome minus that of the plain default on the same task and protocol, in fractions of
accuracy. Gains, not accuracies, are averaged over tasks: raw accuracies mix in each task's
difficulty.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, sqrt

from task2vec.types import Outcome

#: How far gains of one model on unrelated tasks spread: the prior's standard deviation.
SPREAD = 0.07
#: The symmetric distance at which one task says little about another: see
#: docs/adr/0004-first-recommender.md.
REACH = 0.25


@dataclass(frozen=True)
class Observation:
    """A gain seen on a task at a symmetric ``distance``, measured with a ``variance``."""

    gain: float
    variance: float
    distance: float


@dataclass(frozen=True)
class Belief:
    """A normal distribution over a gain."""

    mean: float
    sd: float


def likeness(distance: float) -> float:
    """Return how much of a gain carries over a distance: 1 at 0, 1/e at `REACH`, 0 far away."""
    return exp(-((max(distance, 0.0) / REACH) ** 2))


def update(prior: Belief, observations: Sequence[Observation]) -> Belief:
    """Return the belief after the observations, each trusted as far as its task is like this one.

    An observation at likeness k is the wanted gain plus noise of variance ``v + s^2 (1 - k) / k``,
    with v its own and s = `SPREAD`: at k = 1 the measurement alone, at k = 0 worthless. With
    independent normal noise the precisions add, which shrinks toward the prior's mean.
    """
    precision = 1 / prior.sd**2
    weighted = prior.mean * precision
    for seen in observations:
        k = likeness(seen.distance)
        if k < 1e-6:
            continue
        weight = 1 / (seen.variance + SPREAD**2 * (1 - k) / k + 1e-12)
        precision += weight
        weighted += weight * seen.gain
    return Belief(weighted / precision, sqrt(1 / precision))


class GainTable:
    """Measured gains by model and task, from outcomes of one protocol each.

    ``default`` is the id of the model that gains are measured against; outcomes without the
    default's outcome on the same task and protocol give no gain.
    """

    def __init__(self, outcomes: Iterable[Outcome], default: str) -> None:
        cells: dict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
        for outcome in outcomes:
            cells[outcome.model, outcome.task, outcome.protocol].append(outcome)
        self._gains: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
        for (model, task, protocol), measured in cells.items():
            plain = cells.get((default, task, protocol))
            if model == default or not plain:
                continue
            (mean, variance), (base, base_variance) = _pooled(measured), _pooled(plain)
            self._gains[model, task].append((mean - base, variance + base_variance))

    @property
    def count(self) -> int:
        """The number of (model, task, protocol) cells with a gain."""
        return sum(map(len, self._gains.values()))

    def of(self, model: str, task: str) -> list[tuple[float, float]]:
        """Return (gain, variance) of a model on a task, one for each protocol."""
        return self._gains.get((model, task), [])

    def averages(self) -> dict[str, tuple[float, int]]:
        """Return each model's mean gain over tasks, and over how many."""
        by_model: dict[str, list[float]] = defaultdict(list)
        for (model, _), gains in self._gains.items():
            by_model[model].append(sum(gain for gain, _ in gains) / len(gains))
        return {model: (sum(g) / len(g), len(g)) for model, g in by_model.items()}


def _pooled(outcomes: Sequence[Outcome]) -> tuple[float, float]:
    """Return the mean accuracy of repeats and its variance, from their intervals or images."""
    mean = sum(outcome.accuracy for outcome in outcomes) / len(outcomes)
    variances = [_variance(outcome) for outcome in outcomes]
    return mean, sum(variances) / len(variances) ** 2


def _variance(outcome: Outcome) -> float:
    if outcome.interval is not None:
        low, high = outcome.interval
        return ((high - low) / (2 * 1.96)) ** 2
    # Nothing stated: as if measured on a hundred images.
    images = outcome.images or 100
    return max(outcome.accuracy * (1 - outcome.accuracy), 0.01) / images
