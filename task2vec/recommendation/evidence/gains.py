"""Gains that were measured, from outcomes.

A gain is an outcome minus that of the plain default on the same task and protocol, in fractions of
accuracy. Gains, not accuracies, are averaged over tasks: raw accuracies mix in each task's
difficulty.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.evidence.outcomes import what_was_measured, without_default
from task2vec.recommendation.evidence.recipes import (
    PROTOCOL_SD,
    USUAL_SHOTS,
    error_as_probed,
    images_of,
    recipe_of,
    shots_of,
)
from task2vec.types.tuning import Recipe


class GainTable:
    """Measured gains by model and task, from outcomes of one protocol each.

    ``theirs`` are the ids of tasks of which bundles brought outcomes. ``default`` is the id of the
    model that gains are measured against; outcomes without the default's outcome on the same task
    and protocol give no gain. Outcomes that agree in all that was measured are one measurement,
    recorded again: repeats have seeds, images or accuracies of their own. ``shots`` are the images
    of a class that the target has.
    """

    def __init__(
        self,
        outcomes: Iterable[StoredOutcome],
        default: str,
        *,
        theirs: Collection[str] = (),
        shots: float = USUAL_SHOTS,
    ) -> None:
        outcomes = list(outcomes)
        self.unused = without_default(outcomes, default)
        """The outcomes that give no gain, since the default was not measured likewise."""
        cells: dict[tuple[str, str, str], list[StoredOutcome]] = defaultdict(list)
        for outcome in {what_was_measured(outcome): outcome for outcome in outcomes}.values():
            cells[outcome.model, outcome.task, outcome.protocol].append(outcome)
        self._gains: dict[tuple[str, str], list[Gain]] = defaultdict(list)
        plain_by_protocol: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
        for (model, task, protocol), measured in cells.items():
            if model == default:
                plain_by_protocol[protocol][task] = _with_scatter(measured)
            plain = cells.get((default, task, protocol))
            if model == default or not plain:
                continue
            (mean, variance), (base, base_variance) = _pooled(measured), _pooled(plain)
            self._gains[model, task].append(
                Gain(mean - base, variance + base_variance, protocol, base)
            )

        def common(protocol: str) -> tuple[int, int, float, str]:
            # However many tasks a bundle has, one's own protocol is the one that answers are about.
            tasks = plain_by_protocol[protocol]
            own = sum(task not in theirs for task in tasks)
            return own, len(tasks), -abs(log(shots / shots_of(protocol))), protocol

        most = max(plain_by_protocol, key=common, default=None)
        self.protocol = most
        """The protocol that the default was measured by on most tasks of one's own, or of all where
        it was on none; of equals that with about as many images of a class as the target has. None
        without an outcome."""
        self._base = plain_by_protocol[most] if most is not None else {}

    @property
    def tasks(self) -> frozenset[str]:
        """The ids of the tasks with a gain."""
        return frozenset(task for _, task in self._gains)

    @property
    def count(self) -> int:
        """The number of (model, task, protocol) cells with a gain."""
        return sum(map(len, self._gains.values()))

    def of(self, model: str, task: str) -> list["Gain"]:
        """Return the gains of a model on a task, one for each protocol."""
        return self._gains.get((model, task), [])

    def pooled(self, model: str, task: str) -> tuple[float, float] | None:
        """Return a model's gain by linear probes on a task, and its variance; None without one.

        Each protocol's gain stands for it, with an error by its recipe (`error_as_probed`);
        precisions add.
        """
        return _weighed([each.as_probed() for each in self.of(model, task)])

    def by_recipe(self, model: str, task: str, recipe: Recipe) -> tuple[float, float] | None:
        """Return a model's gain on a task by one recipe, and its variance; None without one."""
        return _weighed(
            [
                (each.gain, each.variance + PROTOCOL_SD**2)
                for each in self.of(model, task)
                if recipe_of(each.protocol) is recipe
            ]
        )

    def matrices(
        self, models: Sequence[str], tasks: Sequence[str | None]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the `pooled` gains (M, T) and their variances, nan where there are none.

        A task of None has no outcomes.
        """
        gains = np.full((len(models), len(tasks)), np.nan)
        variances = gains.copy()
        for row, model in enumerate(models):
            for column, task in enumerate(tasks):
                pooled = None if task is None else self.pooled(model, task)
                if pooled is not None:
                    gains[row, column], variances[row, column] = pooled
        return gains, variances

    @property
    def recipe(self) -> Recipe:
        """The recipe of `protocol`."""
        return recipe_of(self.protocol or "")

    def base(self, task: str) -> float:
        """Return the default's accuracy on a task by `protocol`; nan without one."""
        own = self.measured_base(task)
        return float("nan") if own is None else own[0]

    def measured_base(self, task: str) -> tuple[float, float] | None:
        """Return the default's accuracy on a task by `protocol`, and its variance, if recorded.

        The variance is that of the mean, by the noise of the outcomes or by how much they differ,
        whichever is more.
        """
        return self._base.get(task)

    def averages(self) -> dict[str, tuple[float, int]]:
        """Return each model's mean gain over tasks, and over how many."""
        by_model: dict[str, list[float]] = defaultdict(list)
        for (model, _), gains in self._gains.items():
            by_model[model].append(sum(each.gain for each in gains) / len(gains))
        return {model: (sum(g) / len(g), len(g)) for model, g in by_model.items()}


@dataclass(frozen=True)
class Gain:
    """A gain over the default by a protocol, with the variance of its measurement.

    ``base`` is the default's accuracy by that protocol.
    """

    gain: float
    variance: float
    protocol: str
    base: float

    def as_probed(self) -> tuple[float, float]:
        """Return it as the gain by linear probes, and the variance of that."""
        recipe, images = recipe_of(self.protocol), images_of(self.protocol)
        missed = error_as_probed(recipe, images=images, accuracy=self.base)
        return self.gain, self.variance + missed


def _weighed(gains: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the mean of (gain, variance) by their precisions, and its variance."""
    if not gains:
        return None
    precisions = [1 / variance for _, variance in gains]
    total = sum(precisions)
    return sum(p * gain for p, (gain, _) in zip(precisions, gains, strict=True)) / total, 1 / total


def _pooled(outcomes: Sequence[StoredOutcome]) -> tuple[float, float]:
    """Return the mean accuracy of repeats and its variance, from their intervals or images."""
    mean = sum(outcome.accuracy for outcome in outcomes) / len(outcomes)
    variances = [_variance(outcome) for outcome in outcomes]
    return mean, sum(variances) / len(variances) ** 2


def _with_scatter(outcomes: Sequence[StoredOutcome]) -> tuple[float, float]:
    """Return what `_pooled` does, but no less variance than the repeats themselves show."""
    mean, variance = _pooled(outcomes)
    count = len(outcomes)
    squares = sum((outcome.accuracy - mean) ** 2 for outcome in outcomes)
    return mean, max(variance, squares / (count * max(count - 1, 1)))


def _variance(outcome: StoredOutcome) -> float:
    if outcome.interval is not None:
        low, high = outcome.interval
        return ((high - low) / (2 * 1.96)) ** 2
    # Nothing stated: as if measured on a hundred images.
    images = outcome.images or 100
    return max(outcome.accuracy * (1 - outcome.accuracy), 0.01) / images
