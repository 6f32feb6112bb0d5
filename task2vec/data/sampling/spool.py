"""Pixels of many images: in memory while they fit, else in one temporary file."""

import math
import tempfile
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from io import SEEK_END
from threading import Lock
from typing import IO, Any, Protocol, overload

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
"""Bytes of pixels that are kept in memory: 1,365 images of 128 pixels per side, 445 of 224."""


class PixelSpool:
    """Takes images of one shape and gives each back by the number it was given.

    Beyond ``budget`` bytes they go to a temporary file of the system (``TMPDIR`` says where). It
    has no name, or loses it at once, so that nothing is left behind however the process ends. It is
    read by position and not mapped: mapped pages would count as memory of the process. Any threads
    may add and read.

    Raises `SettingError` for a negative budget.
    """

    def __init__(self, budget: int = MEMORY_BUDGET) -> None:
        if budget < 0:
            raise SettingError(
                "The memory for pixels is out of range", expected="0 bytes or more", got=str(budget)
            )
        # As long as self; 0 would be no limit.
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(max(budget, 1))  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._shape: tuple[int, ...] | None = None
        self._count = 0
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
                    "The images differ in shape", expected=str(self._shape), got=str(pixels.shape)
                )
            try:
                self._file.seek(0, SEEK_END)
                self._file.write(np.ascontiguousarray(pixels).data)
                # A full disk says so here, and not when the pixels are wanted.
                self._file.flush()
            except OSError as error:
                with suppress(OSError):
                    self._file.close()
                raise SourceError(
                    "The images do not fit into the temporary folder",
                    expected=f"room for {pixels.nbytes:,} bytes per image in "
                    f"{tempfile.gettempdir()}",
                    got=reason(error),
                    remedy="Make room there, name another folder by TMPDIR, or use fewer images.",
                ) from error
            self._count += 1
            return self._count - 1

    def __getitem__(self, number: int) -> Pixels:
        """Return an image; raises `IndexError` for a number that was not given."""
        with self._lock:
            if self._shape is None or not 0 <= number < self._count:
                raise IndexError(number)
            size = math.prod(self._shape)
            self._file.seek(number * size)
            return np.frombuffer(self._file.read(size), dtype=np.uint8).reshape(self._shape)


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
    drawn: Sample[Any] = draw_sample(
        task,
        images=images,
        seed=seed,
        transform=lambda image: spool.add(transform(image)),
        progress=progress,
    )
    return replace(drawn, images=Reordered(spool, drawn.images))
