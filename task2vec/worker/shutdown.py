"""Being asked to stop: once to stop in good order, twice to stop at once."""

import os
import signal
import time
from types import FrameType

_POLL = 0.1


class Drain:
    """Whether the worker was asked to stop.

    A plain flag that is polled: what waits on a lock must not be woken from a signal's handler,
    which may run in the middle of that very lock.
    """

    def __init__(self) -> None:
        self.asked = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the request; a second one ends the process at once."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def sleep(self, seconds: float) -> bool:
        """Sleep, or less where it is asked to stop; return whether it is."""
        end = time.monotonic() + seconds
        while not self.asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _POLL))
        return self.asked

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.asked:
            os._exit(128 + number)
        self.asked = True
