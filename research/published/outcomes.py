"""Published outcomes of fine-tuning: `PublishedOutcome`.

`outcomes.csv` has 1,175 outcomes in six collections, from the result files of the repositories that
`sources.csv` of the published models names, under the names used there. Those of PARC are rounded
to two decimals, areas under curves to five; runs that failed there (-1) are left out. `parc-all`
repeats all of `parc-controlled`. What SFDA calls accuracy is the mean over the classes for
aircraft, caltech101, flowers and pets. Only numbers were taken, no text and no code.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("outcomes.csv")


class Metric(StrEnum):
    """What an outcome measures on the test images."""

    ACCURACY = "accuracy"
    AUC = "auc"
    MEAN_AVERAGE_PRECISION = "voc-map"

    @property
    def whole(self) -> float:
        """What the published number is where nothing is wrong: areas are fractions."""
        return 1.0 if self is Metric.AUC else 100.0


@dataclass(frozen=True)
class PublishedOutcome:
    """What fine-tuning ``model`` on ``target`` gave, by the names of its collection.

    ``value`` is a fraction whatever was published; outcomes are compared within one collection,
    target, metric and protocol only.
    """

    collection: str
    target: str
    model: str
    metric: Metric
    value: float
    protocol: str


@cache
def published_outcomes() -> tuple[PublishedOutcome, ...]:
    """Return all published outcomes."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(map(_outcome, csv.DictReader(file)))


def _outcome(row: Mapping[str, str]) -> PublishedOutcome:
    metric = Metric(row["metric"])
    value = round(float(row["value"]) / metric.whole, 7)
    names = row["collection"], row["target"], row["model"]
    return PublishedOutcome(*names, metric, value, row["protocol"])
