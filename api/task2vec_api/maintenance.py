"""What the server does by itself, beside its requests."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from task2vec.data.wording import plural
from task2vec.errors import StoreError
from task2vec.service.datasets import datasets
from task2vec.service.disk import keep_reserve
from task2vec.service.quarantine import remove_old
from task2vec_api.logs import logger
from task2vec_api.runtime import Runtime

_DAY = 86_400.0
# A revoked key must be of no use within a second.
_OFTEN = 0.25
_NOW_AND_THEN = 1.0
_SELDOM = 60.0
# The steps of a job that has ended are of interest for a while only.
_PROGRESS_DAYS = 1.0

OnExpired = Callable[[set[str]], None]
"""Called with the ids of the jobs that were taken from their workers."""


class Maintenance:
    """A thread that reads the keys, writes the audit log, ends leases and throws away what is old.

    ``on_expired`` is called with the jobs whose workers made no progress.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.on_expired: OnExpired | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name="maintenance", daemon=True)
        self._due: dict[Callable[[], None], float] = {}
        self._inherited: frozenset[tuple[str, int, float | None]] = frozenset()

    def start(self) -> None:
        """Begin; the store has to be open."""
        store = self._runtime.workspace.store()
        self.read_keys()
        # Their workers may have ended with the last server, through no fault of the jobs.
        self._inherited = self._runtime.workspace.store().jobs.held()
        # Whatever was at work when the last server ended is not at work any longer.
        store.idempotency.interrupt_all()
        keep_reserve(self._runtime.workspace.path)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End after what is under way, for which it waits some seconds; write what was noted."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        self._runtime.audit_log.flush()

    def read_keys(self) -> None:
        """Take over the keys as they are in the store by now."""
        runtime = self._runtime
        if runtime.keys.refresh(runtime.workspace.store().keys.all()):
            # Requests that wait with a revoked key must end.
            runtime.notifier.notify()

    def end_leases(self) -> None:
        """Take their jobs from workers that made no progress."""
        runtime = self._runtime
        expired = runtime.workspace.store().jobs.expire(
            now=time.time(), seconds=runtime.settings.lease_seconds, inherited=self._inherited
        )
        ended = {job.id for job in expired}
        if ended:
            logger.warning(
                "%s made no progress", plural(len(ended), "job"), extra={"jobs": sorted(ended)}
            )
            if self.on_expired is not None:
                self.on_expired(ended)
            runtime.notifier.notify()

    def tidy(self) -> None:
        """Throw away what has been kept for as long as the settings say.

        A step that fails, such as on a damaged row, keeps no other from being taken.
        """
        for step in (self.sweep_datasets, self.empty_quarantine, self.refill_reserve, self.prune):
            self._try(step)

    def sweep_datasets(self) -> None:
        """Remove the data sets whose retention is over."""
        swept = datasets.sweep(self._runtime.workspace)
        if swept:
            logger.info("%d data sets were removed after their retention", len(swept))

    def empty_quarantine(self) -> None:
        """Remove the files that have been in quarantine for long enough."""
        remove_old(self._runtime.workspace.store(), now=time.time())

    def refill_reserve(self) -> None:
        """Keep room for deletions."""
        keep_reserve(self._runtime.workspace.path)

    def prune(self) -> None:
        """Remove old jobs, answers and entries of the audit log."""
        runtime, now = self._runtime, time.time()
        settings, store = runtime.settings, runtime.workspace.store()
        store.jobs.prune(
            jobs_before=now - settings.job_days * _DAY,
            progress_before=now - min(_PROGRESS_DAYS, settings.job_days) * _DAY,
        )
        store.idempotency.prune(now - settings.idempotency_hours * 3600.0)
        oldest = datetime.now(UTC) - timedelta(days=settings.audit_days)
        store.audit.prune(oldest.isoformat(timespec="milliseconds"))

    def load_indices(self) -> None:
        """Load every index, so that no request has to."""
        store = self._runtime.workspace.store()
        for space in store.tasks.spaces():
            store.index(space)
        self._runtime.indexed = True

    def _run(self) -> None:
        self._try(self.load_indices)
        every: dict[Callable[[], None], float] = {
            self.read_keys: _OFTEN,
            self._runtime.audit_log.flush: _OFTEN,
            self.end_leases: _NOW_AND_THEN,
            self.tidy: _SELDOM,
        }
        while not self._stop.wait(_OFTEN):
            for step, seconds in every.items():
                if time.monotonic() >= self._due.get(step, 0.0):
                    self._due[step] = time.monotonic() + seconds * 0.9
                    self._try(step)

    def _try(self, step: Callable[[], None]) -> None:
        """Take a step; one that fails, such as on a full disk, is taken again later."""
        try:
            step()
        except StoreError as error:
            logger.error("upkeep could not %s: %s", step.__name__, error)
        except Exception:
            logger.exception("upkeep failed to %s", step.__name__)
