"""Heartbeats: signs of progress, and what the server answers to them."""

import logging
import threading
import time
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Self

from task2vec.errors import (
    AccessError,
    JobCancelledError,
    LeaseLostError,
    ServiceError,
    StoreError,
    Task2VecError,
    UnknownNameError,
)
from task2vec.messages.jobs import Progress
from task2vec.messages.leases import Lease
from task2vec.worker.server import Server
from task2vec.worker.shutdown import Shutdown

logger = logging.getLogger(__name__)

_POLL = 0.1
_LONGEST_PAUSE = 2.0


class Halt(StrEnum):
    """Why the work is to stop."""

    CANCELLED = "cancelled"
    LOST = "lost"
    SHUTDOWN = "shutdown"


class Heartbeat:
    """Beats in a thread while a job is worked on, but only when the work has got ahead.

    A thread that beats while the work hangs would keep a job from everybody. So it sends what the
    work told last, and sends nothing where that is what it sent before. When the worker is to
    stop, it hands the job back at once, whatever the work is in the middle of.
    """

    def __init__(self, server: Server, lease: Lease, shutdown: Shutdown) -> None:
        self._server = server
        self._lease = lease
        self._shutdown = shutdown
        self._told: tuple[str, int, int] | None = None
        self._sent: tuple[str, int, int] | None = None
        self._stage_began = ("", 0.0)
        self._error: float | None = None
        self._over = threading.Event()
        self._pause = min(lease.seconds / 4, _LONGEST_PAUSE)
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self.halt: Halt | None = None
        #: Whether the server knows how the job ended.
        self.delivered = False

    def tell(self, stage: str, done: int, total: int) -> None:
        """Note how far the work is."""
        if stage != self._stage_began[0]:
            self._stage_began = (stage, time.monotonic())
        self._told = (stage, done, total)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Note how far the work is; raise `JobCancelledError` where it is to stop."""
        if self.stopped():
            raise JobCancelledError("The work was stopped")
        self.tell(stage, done, total)

    def tell_error(self, error: float) -> None:
        """Note the standard error that the embedding has so far."""
        self._error = error

    def stopped(self) -> bool:
        """Whether the work is to stop."""
        return self.halt is not None or self._shutdown.requested

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic() + self._pause
        while not self._over.wait(_POLL):
            if self._shutdown.requested:
                break
            if time.monotonic() < due:
                continue
            due = time.monotonic() + self._pause
            if self._told is not None and self._told != self._sent and not self._beat(self._told):
                return
        # Also where the work heard of it sooner, and has ended.
        if self._shutdown.requested and not self.delivered:
            self.halt = Halt.SHUTDOWN
            self._release()

    def _beat(self, told: tuple[str, int, int]) -> bool:
        """Send one; return whether to go on."""
        stage, done, total = told
        progress = Progress(
            stage=stage,
            done=done,
            total=total,
            standard_error=self._error,
            seconds_left=self._left(told),
        )
        try:
            pulse = self._server.heartbeat(self._lease, progress)
        except (LeaseLostError, UnknownNameError):
            self.halt = Halt.LOST
            return False
        except Task2VecError as error:
            # The lease holds for a while yet, and the next one says the same and more.
            logger.warning("no heartbeat for %s: %s", self._lease.job, error)
            return True
        self._sent = told
        if pulse.cancel:
            self.halt = Halt.CANCELLED
        return not pulse.cancel

    def _left(self, told: tuple[str, int, int]) -> float | None:
        """Return how many seconds the present stage will take yet, at the pace it had so far."""
        stage, done, total = told
        began_stage, began = self._stage_began
        if stage != began_stage or done < 1:
            return None
        return (time.monotonic() - began) / done * max(total - done, 0)

    def _release(self) -> None:
        for _ in range(3):
            with suppress(ServiceError, StoreError):
                # That it is somebody else's by now is as good.
                with suppress(LeaseLostError, UnknownNameError, AccessError):
                    self._server.release(self._lease)
                return
            time.sleep(_POLL)
