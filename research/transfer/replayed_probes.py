"""Linear probes of the packaged models, put together again from the table of scores."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from math import sqrt

import numpy as np

from research.transfer.scores import TABLE
from research.transfer.targets import Budget
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.packaged_models import default_model_id, packaged_models

Probes = Mapping[str, ProbeAccuracy]
#: Target, budget, draw.
Drawn = tuple[str, Budget, int]


def read_probes() -> dict[Drawn, Probes]:
    """Return the linear probes of the packaged models on each draw, by the models' ids.

    The table has accuracies, and of each gain over the default its variance: they say how many
    images the default alone had right and how many the other alone, and which these were does not
    matter. The number of images follows from the variance that the default has against itself.
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
    default = rows[default_model_id()]
    # Two models that differ on no image have the variance 2 / count**2, see `paired_gain`.
    count = round(sqrt(2 / float(default["linear_probe_variance"])))
    plain, _ = _whole(default, count)
    found = {}
    for model, row in rows.items():
        right, apart = _whole(row, count)
        lost = (apart - (right - plain)) // 2
        correct = np.zeros(count, dtype=np.bool_)
        # The default has the first images right; of these some are lost, and of the others won.
        correct[: plain - lost] = True
        correct[plain : right + lost] = True
        found[model] = ProbeAccuracy(correct, -float(row["ridge_error"]))
    return found


def _whole(row: Mapping[str, str], count: int) -> tuple[int, int]:
    """Return how many of ``count`` images are right, and how many by one of the two models alone.

    The second follows from the variance of `probe_accuracy.paired_gain`.
    """
    gain, variance = float(row["linear_probe_gain"]), float(row["linear_probe_variance"])
    apart = (variance + gain**2 / count) * count**2 - 2
    return round(float(row["linear_probe"]) * count), round(apart)
