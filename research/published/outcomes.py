"""Published outcomes of fine-tuning: `PublishedOutcome`.

`outcomes.csv` has 1,175 outcomes in six collections, from the result files of the repositories that
`sources.csv` of the published models names, under the names used there. Those of PARC are rounded
to two decimals, areas under curves to five; runs that failed there (-1) are left out. `parc-all`
repeats all of `parc-controlled`. What SFDA calls accuracy is the mean over the classes for
aircraft, caltech101, flowers and pets. Only numbers were taken, no text and no code.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from task2vec.recommendation.published.models import published_sources, read_rows

TABLE = Path(__file__).with_name("outcomes.csv")
_COLUMNS = ("collection", "target", "model", "metric", "value", "protocol")


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
    return read_outcomes(TABLE.read_text(encoding="utf-8"))


def read_outcomes(text: str) -> tuple[PublishedOutcome, ...]:
    """Return the outcomes in the text of a table.

    Raises `InputError` for a damaged one: a collection without a source, a cell twice, a value that
    cannot be, two metrics or protocols where one was said to be compared.
    """
    found: dict[tuple[str, str, str], PublishedOutcome] = {}
    measures: dict[tuple[str, str], tuple[str, str]] = {}
    for row in read_rows(text, table="outcomes.csv", columns=_COLUMNS):
        collection, target, model, name, protocol = (
            row.text(column) for column in _COLUMNS if column != "value"
        )
        if collection not in published_sources():
            raise row.damaged("collection", "a collection of sources.csv")
        if name not in list(Metric):
            raise row.damaged("metric", "one of " + ", ".join(Metric))
        metric = Metric(name)
        # A damaged row may well hold a fraction where percents are published.
        value = row.number("value", above=0 if metric is Metric.AUC else 1, most=metric.whole)
        if (collection, target, model) in found:
            raise row.damaged("model", "one outcome of a model on a target")
        if measures.setdefault((collection, target), (metric, protocol)) != (metric, protocol):
            raise row.damaged("metric", "one metric and protocol a target")
        found[collection, target, model] = PublishedOutcome(
            collection, target, model, metric, round(value / metric.whole, 7), protocol
        )
    return tuple(found.values())
