"""Pixels of many images: the first in memory, the others in one temporary file."""

import tempfile
import weakref
from collections.abc import Callable, Sequence
from dataclasses import fields
from io import FileIO
from threading import Lock
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.paths import reason
from task2vec.data.sampling.class_draw import Progress
from task2vec.data.sampling.sample import Sample, draw_sample
from task2vec.data.task import Task
from task2vec.errors import SettingError, SourceError

Pixels = NDArray[np.uint8]

MEMORY_BUDGET = 64 * 2**20
"""Bytes of pixels that stay in memory: 1,365 images of 128 pixels per side, 445 of 224."""


class PixelSpool:
    """Takes images of one shape and gives each back by the number it was given.

    What is beyond ``budget`` bytes goes to a temporary file of the system (``TMPDIR`` says where).
    It has no name, or loses it at once, so that nothing is left behind however the process ends.
    It is read by position and not mapped: mapped pages would count as memory of the process. Any
    threads may add and read.

    Raises `SettingError` for a negative budget.
    """

    def __init__(self, budget: int = MEMORY_BUDGET) -> None:
        if budget < 0:
            raise SettingError(
                "The memory for pixels is out of range", expected="0 bytes or more", got=str(budget)
            )
        self._budget = budget
        self._held: list[Pixels] = []
        self._shape: tuple[int, ...] | None = None
        self._file: FileIO | None = None
        self._spilled = 0
        self._lock = Lock()

    def add(self, pixels: Pixels) -> int:
        """Keep an image and return its number, 0 for the first.

        Raises `SettingError` for another shape than the first one's, `SourceError` where the
        temporary file cannot take it.
        """
        with self._lock:
            if self._shape is None:
                self._shape = pixels.shape
            if pixels.shape != self._shape:
                raise SettingError(
                    "The images differ in shape",
                    expected=str(self._shape),
                    got=str(pixels.shape),
                )
            if self._file is None and (len(self._held) + 1) * pixels.nbytes <= self._budget:
                self._held.append(pixels)
                return len(self._held) - 1
            self._spill(pixels)
            self._spilled += 1
            return len(self._held) + self._spilled - 1

    def __getitem__(self, number: int) -> Pixels:
        """Return an image; raises `IndexError` for a number that was not given."""
        with self._lock:
            if not 0 <= number < len(self._held) + self._spilled:
                raise IndexError(number)
            if number < len(self._held):
                return self._held[number]
            assert self._file is not None
            assert self._shape is not None
            pixels = np.empty(self._shape, dtype=np.uint8)
            self._file.seek((number - len(self._held)) * pixels.nbytes)
            rest = pixels.data.cast("B")
            while rest:
                rest = rest[self._file.readinto(rest) :]
            return pixels

    def _spill(self, pixels: Pixels) -> None:
        try:
            if self._file is None:
                # Unbuffered: a full disk says so here, and not when the pixels are wanted.
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - as long as self
                weakref.finalize(self, self._file.close)
            self._file.seek(self._spilled * pixels.nbytes)
            rest = np.ascontiguousarray(pixels).data.cast("B")
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise SourceError(
                "The images do not fit into the temporary folder",
                expected=f"room for {pixels.nbytes:,} bytes per image in {tempfile.gettempdir()}",
                got=reason(error),
                remedy="Make room there, name another folder by TMPDIR, or use fewer images.",
            ) from error


class _Numbered(Protocol):
    def __getitem__(self, number: int, /) -> Pixels: ...


class Reordered(Sequence[Pixels]):
    """Some images of a spool or a sequence, in an order of their own, read when asked for."""

    def __init__(self, images: _Numbered, numbers: Sequence[int]) -> None:
        self._images = images
        self._numbers = tuple(numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...
    @overload
    def __getitem__(self, index: slice) -> "Reordered": ...
    def __getitem__(self, index: int | slice) -> "Pixels | Reordered":
        if isinstance(index, slice):
            return Reordered(self._images, self._numbers[index])
        return self._images[self._numbers[index]]


def draw_spooled(
    task: Task,
    *,
    images: int,
    seed: int,
    transform: Callable[[Image.Image], Pixels],
    progress: Progress | None = None,
    budget: int = MEMORY_BUDGET,
) -> Sample[Pixels]:
    """Draw as `draw_sample` does, with the pixels beyond ``budget`` bytes in a temporary file.

    ``transform`` gives all images one shape. Raises as `draw_sample` and `PixelSpool.add` do.
    """
    spool = PixelSpool(budget)
    drawn: Sample[int] = draw_sample(
        task,
        images=images,
        seed=seed,
        transform=lambda image: spool.add(transform(image)),
        progress=progress,
    )
    rest = {part.name: getattr(drawn, part.name) for part in fields(drawn) if part.name != "images"}
    return Sample(images=Reordered(spool, drawn.images), **rest)
