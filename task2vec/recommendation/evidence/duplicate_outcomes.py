"""Outcomes that were recorded twice: one measurement, however often it is stored."""

from collections.abc import Hashable, Iterable
from typing import Protocol

from task2vec.data.wording import plural
from task2vec.recommendation.evidence.outcomes_without_baseline import Measured


class Recorded(Measured, Protocol):
    """What was measured, and under which id it is stored."""

    @property
    def id(self) -> str:
        """Its own, whatever it says."""

    @property
    def accuracy(self) -> float:
        """What came out."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """How sure that is."""

    @property
    def images(self) -> int | None:
        """On how many images."""

    @property
    def seed(self) -> int | None:
        """Of which run."""


def what_was_measured(outcome: Recorded) -> Hashable:
    """Return what two outcomes have in common that are one measurement, recorded twice."""
    return (
        *(outcome.model, outcome.task, outcome.protocol),
        *(outcome.accuracy, outcome.interval, outcome.images, outcome.seed),
    )


def repeats_among(outcomes: Iterable[Recorded]) -> dict[str, str]:
    """Return, by the id of each outcome that repeats an earlier one, the id of the first of these.

    ``outcomes`` are in the order in which they came.
    """
    first: dict[Hashable, str] = {}
    repeats = {}
    for outcome in outcomes:
        original = first.setdefault(what_was_measured(outcome), outcome.id)
        if original != outcome.id:
            repeats[outcome.id] = original
    return repeats


def repeated_warning(count: int) -> list[str]:
    """Return the warning that ``count`` outcomes say nothing new, [] where it is 0."""
    if not count:
        return []
    verb = "was" if count == 1 else "were"
    return [
        f"{plural(count, 'outcome')} {verb} recorded already, with the same accuracy, protocol, "
        "images and seed: that is one measurement, and counts once. Give true repeats a seed each"
    ]
