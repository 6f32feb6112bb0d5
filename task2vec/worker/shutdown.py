"""The ends of a worker: by a signal, and with the server that started it."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

logger = logging.getLogger(__name__)

_POLL = 0.1
_LOOK = 0.5


class Shutdown:
    """Whether the worker was asked to stop.

    A plain flag that is polled: what waits on a lock must not be woken from a signal's handler,
    which may run in the middle of that very lock.
    """

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the request; a second one ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def sleep(self, seconds: float) -> bool:
        """Sleep, or less where it is asked to stop; return whether it is."""
        end = time.monotonic() + seconds
        while not self.requested and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL))
        return self.requested

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            os._exit(128 + number)
        self.requested = True


def follow(parent: int, *, clean: Callable[[], None]) -> None:
    """End this process once ``parent`` is no longer its parent, after ``clean``.

    A thread looks, since the work may be in the middle of a long call. There is nobody left to
    hand a job back to; the next server finds that its lease is over.
    """
    threading.Thread(target=_watch_parent, args=(parent, clean), name="parent", daemon=True).start()


def _watch_parent(parent: int, clean: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    logger.warning("the server that started this worker is gone")
    try:
        clean()
    finally:
        os._exit(0)
