"""Outcomes that were recorded twice: one measurement, however often it is stored."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol

from task2vec.data.wording import plural
from task2vec.recommend.unused import Measured


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


def repeated_warning(added: Sequence[Recorded], every: Iterable[Recorded]) -> list[str]:
    """Return the warning that some of the outcomes just ``added`` say nothing new, if any do.

    ``every`` are all that are stored of the same models and tasks, in the order in which they came.
    """
    first: dict[Hashable, str] = {}
    for outcome in every:
        first.setdefault(what_was_measured(outcome), outcome.id)
    again = sum(
        first.get(what_was_measured(outcome), outcome.id) != outcome.id for outcome in added
    )
    if not again:
        return []
    verb = "was" if again == 1 else "were"
    return [
        f"{plural(again, 'outcome')} {verb} recorded already, with the same accuracy, protocol, "
        "images and seed: that is one measurement, and counts once. Give true repeats a seed each"
    ]
