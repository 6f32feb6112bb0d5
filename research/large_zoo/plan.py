"""Which sources there are: tasks, some of their classes, some of their images."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from research.transfer.targets import Indices

EXPERTS = 500
FEWEST_IMAGES, FEWEST_CLASSES, FEWEST_OF_A_CLASS = 30, 2, 2
#: The share of the sources that have all of a task's classes, and of those that have all images.
WHOLE = 0.2
#: Peak learning rates: what few images want, and what many do.
RATES = (1e-3, 3e-3)
#: Of one source in so many the outcomes of an early checkpoint are measured, too.
EARLY = 4


@dataclass(frozen=True, eq=False)
class Source:
    """What an expert is trained on.

    ``rows`` (n,) are positions among all images of the task, ``labels`` (n,) number the classes
    drawn, ``classes`` (c,) are their numbers in the task.
    """

    number: int
    task: str
    rows: Indices
    labels: Indices
    classes: Indices
    rate: float

    @property
    def has_early(self) -> bool:
        """Whether an early checkpoint is tried, too."""
        return self.number % EARLY == 0


def sources(labels: Mapping[str, Indices]) -> Iterator[Source]:
    """Yield the sources from the ``labels`` (N,) of all images of each task.

    Each round has every task once, in random order. A source depends on its number alone, not on
    those before it.
    """
    names = list(labels)
    for number in range(EXPERTS):
        turn, place = divmod(number, len(names))
        order = np.random.default_rng([zlib.crc32(b"large zoo"), turn]).permutation(len(names))
        task = names[order[place]]
        yield _source(number, task, labels[task])


def _source(number: int, task: str, labels: Indices) -> Source:
    rng = np.random.default_rng([zlib.crc32(b"source"), number])
    total = int(labels.max()) + 1
    count = total if rng.random() < WHOLE else _log_uniform(rng, FEWEST_CLASSES, total)
    classes = np.sort(rng.choice(total, count, replace=False))
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in classes]
    first = np.concatenate([each[:FEWEST_OF_A_CLASS] for each in members])
    rest = rng.permutation(np.concatenate([each[FEWEST_OF_A_CLASS:] for each in members]))
    available = len(first) + len(rest)
    least = min(available, max(FEWEST_IMAGES, len(first)))
    images = available if rng.random() < WHOLE else _log_uniform(rng, least, available)
    rows = np.sort(np.concatenate([first, rest])[:images])
    rate = float(rng.choice(RATES))
    return Source(number, task, rows, np.searchsorted(classes, labels[rows]), classes, rate)


def _log_uniform(rng: np.random.Generator, least: int, most: int) -> int:
    return round(float(np.exp(rng.uniform(np.log(least), np.log(most)))))
