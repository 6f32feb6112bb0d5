"""Going on with fewer images at once where memory does not suffice for all of them."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Condition

import torch
from torch import Tensor

from task2vec.errors import SettingError


class OomRetry:
    """Halves how many images go through a function at once each time memory runs out.

    What was found to be too many is not tried again. The function must treat its images one by
    one, so that the results are the same, to float tolerance, for any number at once.

    Several threads may call it at once. Memory that runs out then is tried again by one of them
    alone, and from there on they take turns.
    """

    def __init__(self) -> None:
        self._most: int | None = None
        self._turns = _Turns()

    def __call__(self, images: Tensor, work: Callable[[Tensor, int], Tensor]) -> Tensor:
        """Return ``work(images, 0)`` (N, ...), joined from parts where need be.

        ``work`` is given images and the position of the first among all.

        Raises `SettingError` where memory does not suffice for one image.
        """
        results: list[Tensor] = []
        first = 0
        while first < len(images):
            some = images[first : first + (self._most or len(images))]
            try:
                with self._turns.take() as turn:
                    results.append(work(some, first))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if turn.alone and len(some) == 1:
                    raise SettingError(
                        "Memory does not suffice for one image",
                        got=f"{tuple(images.shape[2:])} pixels on {images.device}",
                        remedy="Use a smaller probe or input size, or a device with more memory.",
                    ) from error
                if turn.alone:
                    half = len(some) // 2
                    self._most = half if self._most is None else min(half, self._most)
                self._turns.one_by_one()
            else:
                first += len(some)
                continue
            # Outside of the handler, which keeps alive what the failed attempt had allocated.
            if images.is_cuda:
                torch.cuda.empty_cache()
            else:
                _give_back()
        return torch.cat(results) if len(results) > 1 else results[0]


@dataclass(eq=False)
class _Turn:
    """``alone``: whether nobody else was at work from its beginning to its end."""

    alone: bool


class _Turns:
    """Lets all threads work at once, until it is told that they must do so one by one."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._running: list[_Turn] = []
        self._apart = False

    def one_by_one(self) -> None:
        with self._changed:
            self._apart = True

    @contextmanager
    def take(self) -> Iterator[_Turn]:
        with self._changed:
            self._changed.wait_for(lambda: not (self._apart and self._running))
            for other in self._running:
                other.alone = False
            turn = _Turn(alone=not self._running)
            self._running.append(turn)
        try:
            yield turn
        finally:
            with self._changed:
                self._running.remove(turn)
                self._changed.notify_all()


def _give_back() -> None:
    """Return what is free to the system: the C library holds it for each thread apart."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").malloc_trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out, on a device or here."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    # torch has no type of its own for memory of the host.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
