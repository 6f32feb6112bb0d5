"""What the sources of fresh tasks have in common."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from examples.rebuild.drawing import Drawing, ExampleTask, has_ink, on_ground, squared, trimmed
from examples.rebuild.packages import Package
from research.development.source import Unpack, development_task

Item = TypeVar("Item")
GREY = (128, 128, 128)
WHITE = (255, 255, 255)
BLACK = (0, 0, 0)
SIZE = 72


@dataclass(frozen=True)
class FreshTask:
    """A task with what it asks, and what its images are grouped by.

    ``objects`` says what one object is: its images share the part of their names before ``__`` and
    lie on one side of a split.
    """

    task: ExampleTask
    superfamily: str
    asks: str
    objects: str

    @property
    def name(self) -> str:
        """The name of the task and of its folder."""
        return self.task.name

    @property
    def family(self) -> str:
        """What the task has in common with its relatives."""
        return self.task.family


def fresh_task(
    name: str,
    drawings: Callable[[Unpack], Sequence[Drawing]],
    *,
    family: str,
    superfamily: str,
    asks: str,
    objects: str,
    packages: Sequence[Package],
    per_class: int = 60,
) -> FreshTask:
    """Return a task that stays in the cache."""
    task = development_task(
        name, family, drawings, packages=tuple(packages), per_class=per_class, jpeg=False
    )
    return FreshTask(task, superfamily, asks, objects)


def half(name: str) -> int:
    """Return 0 or 1: which of two tasks of one source an object is in, so that none is in both."""
    return zlib.crc32(name.encode()) % 2


def spread(found: Sequence[Item], most: int) -> Sequence[Item]:
    """Return at most so many, at even steps: drawing all that a source has would take long."""
    return found[:: max(1, -(-len(found) // most))]


def outline(image: Image.Image) -> str:
    """Return a name for the shape of a picture on a transparent ground; empty of an opaque one.

    Recoloured pictures of one thing have one outline.
    """
    alpha = image.convert("RGBA").getchannel("A").point(lambda value: 255 if value else 0)
    box = alpha.getbbox()
    shape = alpha.crop(box)
    if box is None or shape.getextrema()[0] == 255:
        return ""
    return f"{zlib.crc32(repr(shape.size).encode() + shape.tobytes()):08x}"


def pictured(
    image: Image.Image, *, ground: tuple[int, int, int] = WHITE, size: int = SIZE, trim: bool = True
) -> Image.Image | None:
    """Lay an image on an opaque square; None where next to nothing is to be seen.

    Small ones are enlarged by whole factors, so that pixels stay pixels.
    """
    flat = on_ground(image, ground)
    if trim:
        flat = trimmed(flat, ground)
    factor = size // max(flat.size)
    if factor >= 2:
        shape = (flat.width * factor, flat.height * factor)
        flat = flat.resize(shape, Image.Resampling.NEAREST)
    square = squared(flat, size, ground=ground)
    return square if has_ink(square, least=4) else None


def opened(path: Path, *, ground: tuple[int, int, int] = WHITE) -> Image.Image | None:
    """Read an image file as `pictured`."""
    with Image.open(path) as image:
        return pictured(image, ground=ground)


def drawings_of(
    found: Iterator[tuple[str, str, Path]], *, ground: tuple[int, int, int] = WHITE
) -> list[Drawing]:
    """Read the files of (label, name, path), but those without ink."""
    return [
        Drawing(label, name, image)
        for label, name, path in found
        if (image := opened(path, ground=ground)) is not None
    ]
