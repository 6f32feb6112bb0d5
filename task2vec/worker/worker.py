"""The worker's life: ask for a job, do it, hand it in, until it is told to stop."""

import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from task2vec.errors import (
    AccessError,
    InputError,
    LeaseLostError,
    ServiceError,
    StoreError,
    Task2VecError,
    UnknownNameError,
)
from task2vec.jobs.jobs import LENT
from task2vec.messages.leases import Failure, Lease
from task2vec.probe.registry import DEFAULT_PROBE
from task2vec.worker.heartbeat import Halt, Heartbeat
from task2vec.worker.job import Done, LeasedJob, Station
from task2vec.worker.shutdown import Shutdown

logger = logging.getLogger(__name__)

#: As long as a server is waited for that is asked for work, in one go: being told to stop waits
#: for the end of it, since a job that is lent in that moment would be missed for a whole lease.
_WAIT = 5.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 20.0
#: As long as what was found is offered to a server that does not take it.
_PATIENCE = 900.0


class Worker:
    """Works for one server on one device, one job at a time.

    ``name`` is unique among the server's workers.
    """

    def __init__(
        self,
        station: Station,
        *,
        name: str,
        shutdown: Shutdown,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._station = station
        self._name = name
        self._shutdown = shutdown
        self._draw = draw

    def warm_up(self, probe: str = DEFAULT_PROBE) -> None:
        """Load a probe and look at one image, so that no job waits for it.

        A server takes a worker that asks for its first job to be warm.
        """
        loaded = self._station.engine.probe(probe)
        size = loaded.card.preprocessing.input_size
        loaded.features([np.zeros((size, size, 3), dtype=np.uint8)])

    def run(self) -> None:
        """Work until it is told to stop; a server that is away is waited for.

        Raises `AccessError` for a key that the server does not take, `InputError` when the server
        does not understand the question.
        """
        failures = 0
        while not self._shutdown.requested:
            self._station.resume_cache.sweep()
            try:
                lease = self._station.server.lease(self._name, LENT, wait=_WAIT)
            except (AccessError, InputError):
                raise
            except Task2VecError as error:
                failures += 1
                if failures == 1:
                    logger.warning("no answer, asking on: %s", error)
                self._pause(failures, error)
                continue
            if failures:
                logger.info("the server is there again")
            failures = 0
            if lease is not None:
                self.serve(lease)

    def serve(self, lease: Lease) -> None:
        """Do a leased job and hand in what came of it."""
        logger.info("job %s (%s): begins", lease.job, lease.kind.value)
        started = time.monotonic()
        with (
            TemporaryDirectory(dir=self._station.downloads.folder, prefix="job-") as folder,
            Heartbeat(self._station.server, lease, self._shutdown) as heartbeat,
        ):
            done = LeasedJob(lease, Path(folder), self._station).run(heartbeat)
            if done is None:
                why = heartbeat.halt or Halt.SHUTDOWN
                logger.info("job %s: given up, %s", lease.job, why.value)
                return
            self._deliver(lease, done, heartbeat)
        if heartbeat.delivered:
            # What is tried again goes on, unless what was begun may be why it failed.
            again = isinstance(done, Failure) and done.transient and done.code != "internal"
            if not again:
                self._station.resume_cache.drop(lease.job)
            logger.info("job %s: handed in after %.1f s", lease.job, time.monotonic() - started)

    def _deliver(self, lease: Lease, done: Done | Failure, heartbeat: Heartbeat) -> None:
        """Send what came of a job until the server has it or does not want it."""
        end = time.monotonic() + _PATIENCE
        for attempt in count(1):
            try:
                if isinstance(done, Failure):
                    self._station.server.fail(lease, done)
                else:
                    self._station.server.complete(
                        lease,
                        done.findings,
                        done.files,
                        progress=lambda sent, total: heartbeat.tell("uploading", sent, total),
                    )
                heartbeat.delivered = True
                return
            except (LeaseLostError, UnknownNameError) as error:
                logger.warning("job %s belongs to somebody else: %s", lease.job, error)
                return
            except (ServiceError, StoreError) as error:
                logger.warning("job %s cannot be handed in yet: %s", lease.job, error)
                # A worker that is to stop has handed its job back: another does it anew.
                if (
                    time.monotonic() > end
                    or self._shutdown.requested
                    or self._pause(attempt, error)
                ):
                    return
            except Task2VecError as error:
                logger.error("job %s: the server refuses what was found: %s", lease.job, error)
                if isinstance(done, Failure):
                    return
                done = Failure(
                    fence=lease.fence,
                    code="internal",
                    problem="The server did not take what the worker found",
                    got=str(error)[:1000],
                    transient=True,
                )

    def _pause(self, failures: int, error: Task2VecError) -> bool:
        """Sleep after a failure; return whether the worker is to stop.

        Drawn evenly from 0 to a bound that doubles: workers that lost their server together do not
        come back together.
        """
        bound = min(_FIRST_PAUSE * 2.0 ** min(failures, 20), _LONGEST_PAUSE)
        asked = getattr(error, "retry_after", 0.0)
        return self._shutdown.sleep(self._draw(0.0, bound) + min(asked, _LONGEST_PAUSE))


def default_name() -> str:
    """Return a name that says where the worker runs, and that no other has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"
