"""Three yardsticks for a geometry: repeatability, nearest of the family, agreement with transfer.

Every one is a number per task, so that two geometries can be compared in pairs. Intervals draw
kinds of tasks (`SUPERFAMILIES`), each with all of its tasks: relatives are not independent.
"""

import csv
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from research.development.geometry import Distances
from research.development.stack import Array
from research.development.tasks import SUPERFAMILIES
from task2vec.recommendation.backtest.bootstrap import over_tasks

#: (source, target) -> gain over the plain probe, as a share.
Gains = Mapping[tuple[str, str], float]
_FEWEST_EXPERTS = 4


@dataclass(frozen=True, eq=False)
class Scores:
    """Of some tasks, (T,) each; nan where a task has no such number.

    ``repeat``: distance of the task's two parts over the median distance between tasks.
    ``signs``: the same where only the signs differ.
    ``margin``: distance of the two parts over that to the nearest other task, mean of both parts.
    ``ranking``: rank correlation of the other tasks' distances as either part sees them.
    ``family``: 1 where the nearest other task is of the same family, mean of both parts.
    ``relatives``: the probability that a relative is nearer than another task.
    ``transfer``: rank correlation of nearness with the experts' gains on the task.
    ``affinity``: the same after taking each expert's mean gain over all its targets off: whether
    nearness says for which tasks an expert is better than it usually is.
    ``gain``: the gain of the nearest expert in points, mean of both parts.
    """

    repeat: Array
    signs: Array
    margin: Array
    ranking: Array
    family: Array
    relatives: Array
    transfer: Array
    affinity: Array
    gain: Array
    #: The kind of each task, which intervals draw.
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """A mean over tasks with its 95 % bootstrap interval over their kinds."""

    mean: float
    low: float
    high: float


def load_gains(*paths: Path) -> dict[tuple[str, str], float]:
    """Return the gains of one or more matrices of transfer; of two for a pair, the later one.

    An expert that gains 0 everywhere is left out: no epoch of its training beat its linear probe,
    so that it is the plain probe, and its gains say nothing of its task.
    """
    gains = {}
    for path in paths:
        if path.exists():
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    gains[row["source"], row["target"]] = float(row["gain"])
    tuned = {source for (source, _), gain in gains.items() if gain != 0}
    return {pair: gain for pair, gain in gains.items() if pair[0] in tuned}


def score(
    distances: Distances,
    *,
    tasks: tuple[str, ...],
    families: tuple[str, ...],
    judged: Collection[str],
    gains: Gains,
) -> Scores:
    """Judge the tasks of ``judged`` among all ``tasks``."""
    rows = [i for i, task in enumerate(tasks) if task in judged]
    others = ~np.eye(len(tasks), dtype=bool)
    between = float(
        np.median([d[i, others[i]] for d in (distances.aa, distances.bb) for i in rows])
    )
    parts = (distances.aa, distances.bb)
    return Scores(
        repeat=distances.repeat[rows] / between,
        signs=distances.signs[rows] / between,
        margin=_mean([distances.repeat[rows] / _nearest(d, others)[rows] for d in parts]),
        ranking=np.array(
            [
                _correlation(distances.aa[others[:, i], i], distances.bb[others[:, i], i])
                for i in rows
            ]
        ),
        family=_mean([_family(d, families, rows) for d in parts]),
        relatives=_mean([_relatives(d, families, rows) for d in parts]),
        transfer=_mean([_agreement(d, tasks, rows, gains) for d in parts]),
        affinity=_mean([_agreement(d, tasks, rows, _less_usual(gains)) for d in parts]),
        gain=_mean([_nearest_gain(d, tasks, rows, gains) for d in parts]),
        kinds=tuple(SUPERFAMILIES.get(families[i], families[i]) for i in rows),
    )


def summary(scores: Scores, reference: Scores | None = None) -> dict[str, Interval]:
    """Return the interval of every yardstick, or of its difference to those of a reference."""
    found = {}
    for name in (field.name for field in fields(scores) if field.name != "kinds"):
        values = getattr(scores, name)
        if reference is not None:
            values = values - getattr(reference, name)
        found[name] = bootstrap(values, scores.kinds)
    return found


def bootstrap(values: Array, kinds: Sequence[str]) -> Interval:
    """Return the mean over tasks that have a number, with its interval over their kinds (T,)."""
    known = np.isfinite(values)
    if not known.any():
        return Interval(np.nan, np.nan, np.nan)
    found = over_tasks(values[known], families=np.array(kinds)[known].tolist())
    return Interval(found.value, found.low, found.high)


def _mean(arrays: list[Array]) -> Array:
    return np.asarray(np.mean(arrays, axis=0))


def _nearest(distances: Array, others: NDArray[np.bool_]) -> Array:
    return np.asarray(np.where(others, distances, np.inf).min(axis=0))


def _family(distances: Array, families: tuple[str, ...], rows: list[int]) -> Array:
    found = []
    for i in rows:
        others = [j for j in range(len(families)) if j != i]
        nearest = min(others, key=lambda j: distances[j, i])
        has_relative = any(families[j] == families[i] for j in others)
        found.append(float(families[nearest] == families[i]) if has_relative else np.nan)
    return np.array(found)


def _relatives(distances: Array, families: tuple[str, ...], rows: list[int]) -> Array:
    found = []
    for i in rows:
        near = [distances[j, i] for j, f in enumerate(families) if j != i and f == families[i]]
        far = np.array([distances[j, i] for j, f in enumerate(families) if f != families[i]])
        wins = [(near_one < far).mean() + (near_one == far).mean() / 2 for near_one in near]
        found.append(float(np.mean(wins)) if wins else np.nan)
    return np.array(found)


def _less_usual(gains: Gains) -> Gains:
    by_expert: dict[str, list[float]] = defaultdict(list)
    for (source, _), gain in gains.items():
        by_expert[source].append(gain)
    return {
        (source, target): gain - float(np.mean(by_expert[source]))
        for (source, target), gain in gains.items()
    }


def _agreement(distances: Array, tasks: tuple[str, ...], rows: list[int], gains: Gains) -> Array:
    found = []
    for i in rows:
        far, gained = _experts(distances, tasks, i, gains)
        found.append(_correlation(-far, gained) if len(far) >= _FEWEST_EXPERTS else np.nan)
    return np.array(found)


def _nearest_gain(distances: Array, tasks: tuple[str, ...], rows: list[int], gains: Gains) -> Array:
    found = []
    for i in rows:
        far, gained = _experts(distances, tasks, i, gains)
        found.append(100 * float(gained[far.argmin()]) if len(far) >= _FEWEST_EXPERTS else np.nan)
    return np.array(found)


def _experts(
    distances: Array, tasks: tuple[str, ...], target: int, gains: Gains
) -> tuple[Array, Array]:
    """Return the distances of the experts' tasks to a target, and what they gain on it."""
    experts = [j for j in range(len(tasks)) if (tasks[j], tasks[target]) in gains]
    gained = np.array([gains[tasks[j], tasks[target]] for j in experts])
    return distances[experts, target], gained


def _correlation(x: Array, y: Array) -> float:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    return float(spearmanr(x, y).statistic)
