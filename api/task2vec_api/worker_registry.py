"""Which workers are there: known by their asking for work and reporting progress."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from task2vec.types import JobKind

# Longer than a worker waits for work in one request.
_GONE_AFTER = 45.0


@dataclass(frozen=True)
class Worker:
    """A worker that was heard of ``seen`` seconds ago by the clock of `WorkerRegistry`.

    It asks for work only with its probe loaded: one that was heard of is warm.
    """

    name: str
    kinds: tuple[JobKind, ...]
    seen: float
    job: str | None = None


class WorkerRegistry:
    """The workers that this server has heard of, in memory: after a restart they call again."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._workers: dict[str, Worker] = {}
        self._lock = Lock()

    def asks(self, name: str, kinds: Sequence[JobKind]) -> None:
        """Note that a worker asks for work: it is ready, and holds no job."""
        self._put(Worker(name, tuple(kinds), self._clock()))

    def works(self, name: str, job: str) -> None:
        """Note that a worker holds a job, or goes forward with it."""
        worker = self._workers.get(name) or Worker(name, (), 0.0)
        self._put(replace(worker, seen=self._clock(), job=job))

    def leaves(self, name: str) -> None:
        """Note that a worker has gone."""
        with self._lock:
            self._workers.pop(name, None)

    def alive(self, *, busy_for: float = 0.0) -> list[Worker]:
        """Return the workers heard of lately; one with a job may be silent for ``busy_for``."""
        now = self._clock()
        with self._lock:
            return [
                worker
                for worker in self._workers.values()
                if now - worker.seen < max(_GONE_AFTER, busy_for if worker.job else 0.0)
            ]

    def _put(self, worker: Worker) -> None:
        with self._lock:
            self._workers[worker.name] = worker
