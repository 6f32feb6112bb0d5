"""Which sources there are: one task or several, some of their classes, some of their images."""

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from research.development.tasks import SUPERFAMILIES
from research.transfer.targets import Indices

EXPERTS = 500
#: Sources of one task are numbered from 0, those of several from here.
FIRST_UNION = 500
FEWEST_IMAGES, FEWEST_CLASSES, FEWEST_OF_A_CLASS = 30, 2, 2
#: The share of the sources of one task that have all classes, and of those that have all images.
WHOLE = 0.2
#: Images and classes of a union: fewer are a matter of sources of one task, more take too long.
UNION_IMAGES, UNION_CLASSES = (100, 2500), 60
#: What the tasks of a union have in common, and how often.
SAME_FAMILY, SAME_KIND, ANY = "family", "superfamily", "any"
SHARES = {SAME_FAMILY: 0.2, SAME_KIND: 0.6, ANY: 0.2}
#: The share of the unions that have all classes or images that they may.
UNION_WHOLE = 0.4
#: The peak learning rate of experts of one task, and those of unions. In the pilot, experts of 600
#: images of half of a superfamily gained 2.9 points on the other half's tasks at 3e-4, and 1.1 at
#: 1e-3, with 5 images a class; with 10 they gained 3.0 and 2.5.
RATE = 1e-3
UNION_RATES = (3e-4, 1e-3)
#: What every other source of one task was drawn to have, at random. The experts of the first 56 of
#: them lost 8.9 points with 5 images a class, those of `RATE` 0.4: the others are not made.
HARMFUL_RATE = 3e-3
#: Of one source in so many the outcomes of an early checkpoint are measured, too.
EARLY = 4


@dataclass(frozen=True, eq=False)
class Source:
    """What an expert is trained on.

    ``rows`` (n,) are positions among all images of its ``tasks``, one after the other, and
    ``classes`` (c,) numbers of their classes, counted likewise. ``labels`` (n,) number the classes
    drawn.
    """

    number: int
    tasks: tuple[str, ...]
    rows: Indices
    labels: Indices
    classes: Indices
    rate: float

    @property
    def has_early(self) -> bool:
        """Whether an early checkpoint is tried, too."""
        return self.number % EARLY == 0


def asked_of(families: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tasks that are targets: of each family the first by name.

    Intervals are over families; a second target of each would add to the costs what it hardly adds
    to what is known.
    """
    return tuple(
        min(name for name in families if families[name] == family)
        for family in sorted(set(families.values()))
    )


def sources(labels: Mapping[str, Indices], families: Mapping[str, str]) -> Iterator[Source]:
    """Yield the sources from the ``labels`` (N,) of all images of each task, and its family.

    Those of one task and of several take turns; each round has every task once, in random order: as
    the source, or as what the union is drawn around. A source depends on its number alone.
    """
    for number in range(FIRST_UNION):
        task = _in_rounds("large zoo", number, list(labels))
        single = _single(number, task, labels[task])
        if single.rate == RATE:
            yield single
            yield _union(FIRST_UNION + number, task, labels, families)


def with_targets(planned: Iterable[Source], targets: Collection[str]) -> Iterator[Source]:
    """Yield the sources that leave a target: an expert of all of them could be tried on none."""
    return (source for source in planned if not set(targets) <= set(source.tasks))


def joined_labels(parts: Sequence[Indices]) -> Indices:
    """Return the labels of several tasks as those of one: classes are counted on."""
    totals = [int(part.max()) + 1 for part in parts]
    firsts = np.cumsum([0, *totals[:-1]])
    return np.concatenate([part + first for part, first in zip(parts, firsts, strict=True)])


def _in_rounds(name: str, number: int, names: list[str]) -> str:
    turn, place = divmod(number, len(names))
    order = np.random.default_rng([zlib.crc32(name.encode()), turn]).permutation(len(names))
    return names[int(order[place])]


def _single(number: int, task: str, labels: Indices) -> Source:
    rng = np.random.default_rng([zlib.crc32(b"source"), number])
    total = int(labels.max()) + 1
    count = total if rng.random() < WHOLE else _log_uniform(rng, FEWEST_CLASSES, total)
    classes = np.sort(rng.choice(total, count, replace=False))
    rows = _drawn(rng, labels, classes, within=(FEWEST_IMAGES, len(labels)), whole=WHOLE)
    rate = float(rng.choice((RATE, HARMFUL_RATE)))
    return Source(number, (task,), rows, np.searchsorted(classes, labels[rows]), classes, rate)


def _union(
    number: int, centre: str, labels: Mapping[str, Indices], families: Mapping[str, str]
) -> Source:
    rng = np.random.default_rng([zlib.crc32(b"union"), number])
    alike = rng.choice(list(SHARES), p=list(SHARES.values()))
    others = [
        name
        for name in labels
        if name != centre
        and (
            alike == ANY
            or (alike == SAME_KIND and _kind(families[name]) == _kind(families[centre]))
            or families[name] == families[centre]
        )
    ]
    count = _log_uniform(rng, 1, len(others))
    members = rng.choice(others, count, replace=False).tolist()
    tasks = tuple(sorted([centre, *members]))
    joined = joined_labels([labels[name] for name in tasks])
    of_task = np.repeat(np.arange(len(tasks)), [int(labels[name].max()) + 1 for name in tasks])
    most = min(len(of_task), UNION_CLASSES)
    total = most if rng.random() < UNION_WHOLE else _log_uniform(rng, len(tasks), most)
    # One class of each task, then any.
    order = rng.permutation(len(of_task))
    _, firsts = np.unique(of_task[order], return_index=True)
    chosen = np.concatenate([order[firsts], np.delete(order, firsts)])[:total]
    classes = np.sort(chosen)
    rows = _drawn(rng, joined, classes, within=UNION_IMAGES, whole=UNION_WHOLE)
    rate = float(rng.choice(UNION_RATES))
    return Source(number, tasks, rows, np.searchsorted(classes, joined[rows]), classes, rate)


def _kind(family: str) -> str:
    return SUPERFAMILIES[family]


def _drawn(
    rng: np.random.Generator,
    labels: Indices,
    classes: Indices,
    *,
    within: tuple[int, int],
    whole: float,
) -> Indices:
    """Return the rows of some images of the classes, two of each at least.

    As many as are ``within`` the bounds: the most with the probability ``whole``.
    """
    least, most = within
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in classes]
    first = np.concatenate([each[:FEWEST_OF_A_CLASS] for each in members])
    rest = rng.permutation(np.concatenate([each[FEWEST_OF_A_CLASS:] for each in members]))
    available = min(len(first) + len(rest), most)
    fewest = min(available, max(least, len(first)))
    images = available if rng.random() < whole else _log_uniform(rng, fewest, available)
    return np.sort(np.concatenate([first, rest])[:images])


def _log_uniform(rng: np.random.Generator, least: int, most: int) -> int:
    return round(float(np.exp(rng.uniform(np.log(least), np.log(most)))))
