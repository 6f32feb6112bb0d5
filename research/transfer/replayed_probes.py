"""Linear probes of the packaged models, put together again from the table of scores."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import partial

import numpy as np

from research.transfer.scores import TABLE
from research.transfer.targets import Budget
from task2vec.recommendation.evidence.world import Matrix
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.packaged_models import default_model_id, packaged_models

#: More than all images of a draw.
_MOST_IMAGES = 400

Probes = Mapping[str, ProbeAccuracy]
#: Target, budget, draw.
Drawn = tuple[str, Budget, int]


def read_probes() -> dict[Drawn, Probes]:
    """Return the linear probes of the packaged models on each draw, by the models' ids.

    The table has accuracies, and of each gain over the default its variance: they say how many
    images the default alone had right and how many the other alone, and which these were does not
    matter. The number of images is the one for which all these are whole.
    """
    ids = {model.name: model.id for model in packaged_models()}
    rows: dict[Drawn, dict[str, dict[str, str]]] = defaultdict(dict)
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] in ids:
                draw = row["target"], Budget(row["budget"]), int(row["draw"])
                rows[draw][ids[row["model"]]] = row
    return {draw: _replayed(found) for draw, found in rows.items()}


def _replayed(rows: Mapping[str, Mapping[str, str]]) -> Probes:
    count = min(range(10, _MOST_IMAGES), key=partial(_off, rows))
    plain = _whole(rows[default_model_id()], count)[0]
    found = {}
    for model, row in rows.items():
        right, apart = _whole(row, count)
        lost = (apart - (right - plain)) // 2
        correct = np.zeros(count, dtype=np.bool_)
        # The default has the first images right; of these some are lost, and of the others won.
        correct[: plain - lost] = True
        correct[plain : plain + right - plain + lost] = True
        found[model] = ProbeAccuracy(correct, -float(row["ridge_error"]))
    return found


def _numbers(row: Mapping[str, str], count: int) -> Matrix:
    """Return how many of ``count`` images are right, and how many by one of the two models alone.

    The second follows from the variance of `probe_accuracy.paired_gain`.
    """
    gain, variance = float(row["linear_probe_gain"]), float(row["linear_probe_variance"])
    right = float(row["linear_probe"]) * count
    return np.array([right, (variance + gain**2 / count) * count**2 - 2])


def _whole(row: Mapping[str, str], count: int) -> tuple[int, int]:
    right, apart = np.rint(_numbers(row, count)).astype(int).tolist()
    return right, apart


def _off(rows: Mapping[str, Mapping[str, str]], count: int) -> float:
    numbers = np.array([_numbers(row, count) for row in rows.values()])
    return float(np.abs(numbers - np.rint(numbers)).max())
