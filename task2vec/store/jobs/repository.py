"""The jobs of a store: submitted, lent, ended, looked up."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from task2vec.errors import StateError
from task2vec.store.database import Database
from task2vec.store.identity import new_id
from task2vec.store.jobs import life
from task2vec.store.jobs.events import StoredEvent, read_events
from task2vec.store.jobs.prune import prune
from task2vec.store.jobs.rows import (
    UNDER_WAY,
    change_job,
    find_job,
    first_job,
    from_row,
    insert_job,
    query_jobs,
)
from task2vec.store.schema_service import batch_items, jobs
from task2vec.types import (
    EventKind,
    JobFailure,
    JobKind,
    JobProgress,
    JobRecord,
    JobState,
)


class Jobs:
    """The jobs of a store.

    Every method is one transaction, except that those that end in ``_within`` are part of the
    write transaction of their ``connection``. Each change of state and each progress is an event.
    Times ``now`` are seconds since 1970, by the clock of the one process that owns the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, job: JobRecord, *, now: float) -> JobRecord:
        """Queue a job; return it as stored, once it is on disk. See `submit_within`."""
        with self._database.write() as connection:
            return self.submit_within(connection, job, now=now)

    def submit_within(self, connection: Connection, job: JobRecord, *, now: float) -> JobRecord:
        """Queue a job, or return the one under way that does the same work.

        An empty ``id`` or ``created`` is filled in. Work that is shared takes the higher priority
        of both, and belongs to a batch only if that batch is the only one that wants it. A job that
        is final already is stored as it is.
        """
        if job.same_as is not None and not job.state.final:
            known = first_job(
                connection, jobs.c.same_as == job.same_as, jobs.c.state.in_(UNDER_WAY)
            )
            # Work that is being given up is no use to whoever asks for it anew.
            if known is not None and known.state is not JobState.CANCELLING:
                return _shared(connection, known, job)
        stored = dataclasses.replace(
            job,
            id=job.id or new_id("job"),
            created=job.created or life.at(now),
            started=life.at(now) if job.state.final else None,
            finished=life.at(now) if job.state.final else None,
        )
        return insert_job(connection, stored)

    def get(self, id_: str) -> JobRecord:
        """Return one job.

        Raises:
            UnknownNameError: when there is none.
        """
        with self._database.read() as connection:
            return find_job(connection, id_)

    def list_page(
        self,
        *,
        state: JobState | None = None,
        kind: JobKind | None = None,
        batch: str | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> tuple[tuple[JobRecord, ...], int | None]:
        """Return up to ``limit`` jobs, newest first and without payload, and where to read on.

        Args:
            state: only jobs in this state.
            kind: only jobs of this kind.
            batch: only jobs that an item of this batch waits for or waited for.
            limit: how many at most.
            before: the place that the last page returned; None at the start, and at the end.
        """
        query = query_jobs(payload=False).order_by(jobs.c.number.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(jobs.c.state == state.value)
        if kind is not None:
            query = query.where(jobs.c.kind == kind.value)
        if batch is not None:
            of_batch = select(batch_items.c.job).where(batch_items.c.batch == batch)
            query = query.where(jobs.c.id.in_(of_batch))
        if before is not None:
            query = query.where(jobs.c.number < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        page = rows[:limit]
        return tuple(map(from_row, page)), page[-1].number if len(rows) > limit else None

    def events_after(self, id_: str, event: int = 0, *, limit: int = 1000) -> list[StoredEvent]:
        """Return up to ``limit`` events of a job after the one with this id, oldest first.

        Raises:
            UnknownNameError: when there is no such job.
        """
        with self._database.read() as connection:
            found = read_events(connection, id_, after=event, limit=limit)
            if not found:
                find_job(connection, id_)
        return found

    def counts(self) -> dict[tuple[JobKind, JobState], int]:
        """Return how many jobs there are of each kind in each state, where there are any."""
        query = select(jobs.c.kind, jobs.c.state, func.count()).group_by(jobs.c.kind, jobs.c.state)
        with self._database.read() as connection:
            return {
                (JobKind(kind), JobState(state)): count
                for kind, state, count in connection.execute(query)
            }

    def lease(
        self, *, worker: str, kinds: Collection[JobKind], now: float, seconds: float
    ) -> JobRecord | None:
        """Lend the next job of these kinds to a worker for ``seconds``; None where there is none.

        Higher priorities first, then in the order in which they came.
        """
        wanted = (
            jobs.c.state == JobState.QUEUED.value,
            jobs.c.kind.in_([kind.value for kind in kinds]),
            jobs.c.not_before <= now,
        )
        # Workers ask all the time, and readers do not wait.
        with self._database.read() as connection:
            if connection.scalar(select(jobs.c.number).where(*wanted).limit(1)) is None:
                return None
        query = query_jobs().where(*wanted).order_by(jobs.c.priority.desc(), jobs.c.number)
        with self._database.write() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
            if row is None:
                return None
            lent = life.leased(from_row(row), worker=worker, now=now, seconds=seconds)
            return change_job(connection, lent)

    def heartbeat(
        self, id_: str, *, fence: int, progress: JobProgress, now: float, seconds: float
    ) -> JobRecord:
        """Note progress; only where it went forward is the lease prolonged, to ``seconds`` on.

        Returns the job: one that is cancelling is to be stopped and then failed.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        with self._database.read() as connection:
            job = find_job(connection, id_)
            life.check_lease(job, fence)
            if not life.went_forward(job.progress, progress):
                return job
        with self._database.write() as connection:
            job = find_job(connection, id_)
            life.check_lease(job, fence)
            if not life.went_forward(job.progress, progress):
                return job
            job = life.progressed(job, progress, now=now, seconds=seconds)
            return change_job(connection, job, kind=EventKind.PROGRESS)

    def complete(self, id_: str, *, fence: int, result: Mapping[str, Any], now: float) -> JobRecord:
        """End a job that has nothing to store but its answer. See `complete_within`."""
        with self._database.write() as connection:
            job = self.under_lease_within(connection, id_, fence=fence)
            return self.complete_within(connection, job, result=result, now=now)

    def under_lease_within(self, connection: Connection, id_: str, *, fence: int) -> JobRecord:
        """Return a job that is about to be completed; see `complete_within`.

        Whoever completed it already, and did not hear of it, gets it as it is: succeeded or
        cancelled.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        job = find_job(connection, id_)
        if job.fence != fence or job.state not in (JobState.SUCCEEDED, JobState.CANCELLED):
            life.check_lease(job, fence)
        return job

    def complete_within(
        self, connection: Connection, job: JobRecord, *, result: Mapping[str, Any], now: float
    ) -> JobRecord:
        """End a job in the transaction that stores what it made, so that both happen once.

        ``job`` is that of `under_lease_within`, in this transaction. Of a job that is cancelling
        the result is dropped; one that has ended stays as it is. Store nothing for either.
        """
        if job.state.final:
            return job
        if job.state is JobState.CANCELLING:
            return change_job(connection, life.cancelled(job, now=now))
        return change_job(connection, life.succeeded(job, result, now=now))

    def fail(
        self, id_: str, *, fence: int, failure: JobFailure, transient: bool, now: float
    ) -> JobRecord:
        """End a try badly; a transient failure is queued again, the third into quarantine.

        A worker that stopped a job which is cancelling says so with this as well.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        return self._step(
            id_, fence, lambda job: life.failed(job, failure, transient=transient, now=now)
        )

    def release(self, id_: str, *, fence: int, now: float) -> JobRecord:
        """Queue a job again whose worker stops; the try does not count.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        return self._step(id_, fence, lambda job: life.released(job, now=now))

    def cancel(self, id_: str, *, now: float) -> JobRecord:
        """Cancel a job: at once when it is queued, else when its worker has stopped.

        Raises:
            UnknownNameError: when there is no such job.
            StateError: when it has ended.
        """
        with self._database.write() as connection:
            return self.cancel_within(connection, find_job(connection, id_), now=now)

    def cancel_within(self, connection: Connection, job: JobRecord, *, now: float) -> JobRecord:
        """Cancel a job, as `cancel` does."""
        stopped = life.asked_to_stop(job, now=now)
        return job if stopped == job else change_job(connection, stopped)

    def retry(self, id_: str, *, now: float) -> JobRecord:
        """Queue a failed or cancelled job again, as if it were new.

        Raises:
            UnknownNameError: when there is no such job.
            StateError: in any other state, or when another job does the same work already.
        """
        with self._database.write() as connection:
            job = life.retried(find_job(connection, id_), now=now)
            twin = None
            if job.same_as is not None:
                twin = first_job(
                    connection, jobs.c.same_as == job.same_as, jobs.c.state.in_(UNDER_WAY)
                )
            if twin is not None:
                raise StateError(
                    f"Job {id_} cannot be tried again",
                    expected="no other job that does the same work",
                    got=f"job {twin.id}, which is {twin.state.value}",
                    remedy="Wait for that one.",
                )
            return change_job(connection, job)

    def expire(self, *, now: float, seconds: float) -> list[JobRecord]:
        """End the tries of workers whose lease is over, and return what became of their jobs.

        ``seconds`` is how long a lease lasts, for the words of the failure.
        """
        over = jobs.c.lease_until.is_not(None) & (jobs.c.lease_until < now)
        held = jobs.c.state.in_([JobState.RUNNING.value, JobState.CANCELLING.value])
        with self._database.read() as connection:
            if connection.scalar(select(jobs.c.number).where(held, over).limit(1)) is None:
                return []
        with self._database.write() as connection:
            query = query_jobs().where(held, over).order_by(jobs.c.number)
            return [
                change_job(connection, life.lost(from_row(row), now=now, seconds=seconds))
                for row in connection.execute(query).all()
            ]

    def prune(self, *, jobs_before: float, progress_before: float) -> int:
        """Remove jobs that ended before ``jobs_before``, with their events; return how many.

        Of those that ended before ``progress_before`` only the events of progress are removed.
        """
        with self._database.write() as connection:
            return prune(
                connection,
                jobs_before=life.at(jobs_before),
                progress_before=life.at(progress_before),
            )

    def _step(self, id_: str, fence: int, step: Callable[[JobRecord], JobRecord]) -> JobRecord:
        with self._database.write() as connection:
            job = find_job(connection, id_)
            life.check_lease(job, fence)
            return change_job(connection, step(job))


def _shared(connection: Connection, known: JobRecord, wanted: JobRecord) -> JobRecord:
    priority = max(known.priority, wanted.priority, key=lambda priority: priority.rank)
    batch = known.batch if known.batch == wanted.batch else None
    if (priority, batch) == (known.priority, known.batch):
        return known
    return change_job(connection, dataclasses.replace(known, priority=priority, batch=batch))
