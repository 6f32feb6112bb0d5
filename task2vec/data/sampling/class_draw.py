"""The images that each class gives in turn, read until it has given what is wanted of it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from PIL import Image

from task2vec.data.multilabel import LabelSet
from task2vec.data.pixels.decode import image_of, pixel_digest
from task2vec.data.pixels.image_hash import image_hash
from task2vec.data.pixels.limits import MAX_AHEAD_BYTES
from task2vec.data.pixels.prefetch import map_ahead
from task2vec.data.pixels.reader import Raw, UnreadableImageError, weight
from task2vec.data.task import ImageEntry, Task
from task2vec.types.image_hashes import ImageHashes

LEAST = 2
"""Images that each class gives where it has them: with one, a class has no spread."""


def spread(total: int, sizes: Sequence[int]) -> list[int]:
    """Spread ``total`` images over classes of the given sizes as evenly as possible.

    Water-filling: each class gives ``min(size, level)``, the level as high as ``total`` allows, and
    what then is left goes one by one to the first classes that have more. Every class gives at
    least ``min(size, LEAST)``, also where that exceeds ``total``.
    """
    if not sizes:
        return []

    def filled(level: int) -> int:
        return sum(min(size, level) for size in sizes)

    levels = range(LEAST, max(LEAST, *sizes) + 1)
    level = levels[max(bisect_right(levels, total, key=filled) - 1, 0)]
    left = total - filled(level)
    quotas = []
    for size in sizes:
        extra = left > 0 and size > level
        quotas.append(min(size, level) + extra)
        left -= extra
    return quotas


T = TypeVar("T")
#: A prepared image, the SHA-256 of its pixels, and its hash (1,).
Good = tuple[T, str, ImageHashes]
Progress = Callable[[int, int], None]

MAX_PASSES = 6
"""Times that a source is read through to replace unreadable images. The last pass but one asks for
everything that is left of a class, so more are needed only in contrived cases."""


@dataclass
class ClassDraw(Generic[T]):
    """The images of one class in the order in which it gives them, and what became of them."""

    keys: list[str]
    good: dict[int, Good[T]] = field(default_factory=dict)
    bad: dict[int, str] = field(default_factory=dict)

    def first(self, count: int) -> list[int]:
        """Return the ranks of the first ``count`` images that are not known to be bad."""
        usable = (rank for rank in range(len(self.keys)) if rank not in self.bad)
        return [rank for rank, _ in zip(usable, range(count), strict=False)]


def draws_by_class(
    task: Task, *, rank: Callable[[ImageEntry], bytes | int]
) -> "list[ClassDraw[T]]":
    """Return a draw for each class, whose images go by their ``rank``."""
    members: dict[int, list[ImageEntry]] = defaultdict(list)
    for entry in task.entries:
        assert not isinstance(entry.label, LabelSet), "an image of several labels has no draw"
        members[entry.label].append(entry)
    return [
        ClassDraw([entry.key for entry in sorted(members[label], key=rank)])
        for label in range(len(task.classes))
    ]


def fill_draws(
    task: Task,
    *,
    draws: "Sequence[ClassDraw[T]]",
    images: int,
    transform: Callable[[Image.Image], T],
    progress: Progress | None,
) -> None:
    """Fill the draws until each has what `spread` asks of its readable images.

    The result does not depend on how many are read in one pass: in the end each class holds the
    first readable images of its order, and the quotas are those of the readable images.
    """
    for attempt in range(MAX_PASSES):
        quotas = spread(images, [len(draw.keys) - len(draw.bad) for draw in draws])
        total = sum(quotas)
        wanted: dict[str, _Want[T]] = {}
        for draw, quota in zip(draws, quotas, strict=True):
            missing = sum(rank not in draw.good for rank in draw.first(quota))
            # Later passes ask for spare images, since passes over an archive are dear.
            spare = len(draw.keys) if attempt >= MAX_PASSES - 2 else missing * (4**attempt - 1)
            ranks = draw.first(quota + spare) if missing else []
            wanted |= {
                draw.keys[rank]: _Want(draw, rank, quota) for rank in ranks if rank not in draw.good
            }
        if not wanted:
            return
        # Counted as they come: adding up the draws for each image would cost images times classes.
        filled = sum(len(draw.good) for draw in draws)
        with closing(_prepared(task, wanted=wanted, transform=transform)) as images_read:
            for want, prepared in images_read:
                draw = want.draw
                if not want.open:
                    continue
                if isinstance(prepared, UnreadableImageError):
                    draw.bad[want.rank] = prepared.problem
                    continue
                draw.good[want.rank] = prepared
                if len(draw.good) > want.quota:
                    del draw.good[max(draw.good)]
                else:
                    filled += 1
                if progress is not None:
                    progress(filled, total)
        for want in wanted.values():
            want.draw.bad[want.rank] = "no longer in the source"


@dataclass(frozen=True)
class _Want(Generic[T]):
    """An image that its class may need: the ``rank``-th of ``draw``, which takes ``quota``."""

    draw: ClassDraw[T]
    rank: int
    quota: int

    @property
    def open(self) -> bool:
        """Whether the class still has a place for the image; once it has none, it never has."""
        return len(self.draw.good) < self.quota or self.rank < max(self.draw.good)


def _prepared(
    task: Task, *, wanted: "dict[str, _Want[T]]", transform: Callable[[Image.Image], T]
) -> "Generator[tuple[_Want[T], Good[T] | UnreadableImageError]]":
    """Yield what becomes of the wanted images, in the source's order, each taken from ``wanted``.

    Several are decoded at once. What was decoded ahead may turn out not to be needed: the
    user of an image asks `_Want.open` again, so that the result does not depend on the threads.
    """

    def raws() -> Iterator[tuple[_Want[T], Raw]]:
        for key, raw in task.reader.read(frozenset(wanted)):
            want = wanted.pop(key)
            if want.open:
                yield want, raw

    def prepare(
        given: tuple[_Want[T], Raw],
    ) -> tuple[_Want[T], Good[T] | UnreadableImageError]:
        want, raw = given
        try:
            with image_of(raw) as image:
                digest = pixel_digest(image)
                return want, (transform(image), digest, image_hash(image, digest=digest))
        except UnreadableImageError as error:
            return want, error

    return map_ahead(prepare, raws(), weigh=lambda given: weight(given[1]), most=MAX_AHEAD_BYTES)
