"""Jobs as they are lent to workers, and how they come back."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select

from task2vec.messages.jobs import Progress
from task2vec.store.jobs import state_machine
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.store.jobs.rows import change_job, find_job, from_row, query_jobs
from task2vec.store.sql.database import Database
from task2vec.store.sql.schema_service import jobs
from task2vec.types import EventKind, JobKind, JobState, Priority

_NEXT = (
    query_jobs()
    .where(
        jobs.c.state == JobState.QUEUED.value,
        jobs.c.priority == bindparam("rank"),
        jobs.c.kind.in_(bindparam("kinds", expanding=True)),
        jobs.c.not_before <= bindparam("now"),
    )
    .order_by(jobs.c.number)
    .limit(1)
)


#: A lease as it was at some moment: the job's id, its fence, and until when it lasts.
Held = tuple[str, int, float | None]

_HELD = jobs.c.state.in_([JobState.RUNNING.value, JobState.CANCELLING.value])


class Lending:
    """The part of `Jobs` that workers use, and a server that runs workers of its own.

    Each try of a job is proved by its ``fence``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def lease(
        self, *, worker: str, kinds: Collection[JobKind], now: float, seconds: float
    ) -> JobRecord | None:
        """Lend the next job of these kinds to a worker for ``seconds``; None where there is none.

        Higher priorities first, then in the order in which they came.
        """
        # Workers ask all the time, and readers do not wait.
        with self._database.read() as connection:
            if _next(connection, kinds, now) is None:
                return None
        with self._database.write() as connection:
            job = _next(connection, kinds, now)
            if job is None:
                return None
            lent = state_machine.leased(job, worker=worker, now=now, seconds=seconds)
            return change_job(connection, lent)

    def heartbeat(
        self, id_: str, *, fence: int, progress: Progress, now: float, seconds: float
    ) -> JobRecord:
        """Note progress; only where it went forward is the lease prolonged, to ``seconds`` on.

        Returns the job: one that is cancelling is to be stopped and then failed.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        with self._database.read() as connection:
            job = find_job(connection, id_)
            state_machine.check_lease(job, fence)
            if not state_machine.went_forward(job.progress, progress):
                return job
        with self._database.write() as connection:
            job = find_job(connection, id_)
            state_machine.check_lease(job, fence)
            if not state_machine.went_forward(job.progress, progress):
                return job
            job = state_machine.progressed(job, progress, now=now, seconds=seconds)
            return change_job(connection, job, kind=EventKind.PROGRESS)

    def complete(self, id_: str, *, fence: int, result: Mapping[str, Any], now: float) -> JobRecord:
        """End a job that has nothing to store but its answer. See `complete_within`."""
        with self._database.write() as connection:
            job = self.under_lease_within(connection, id_, fence=fence)
            return self.complete_within(connection, job, result=result, now=now)

    def under_lease(self, id_: str, *, fence: int) -> JobRecord:
        """Return a job that is about to be completed; see `under_lease_within`."""
        with self._database.read() as connection:
            return self.under_lease_within(connection, id_, fence=fence)

    def under_lease_within(self, connection: Connection, id_: str, *, fence: int) -> JobRecord:
        """Return a job that is about to be completed; see `complete_within`.

        A worker that completed it, and got no answer, gets it as it is: succeeded or
        cancelled.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        job = find_job(connection, id_)
        if job.fence != fence or job.state not in (JobState.SUCCEEDED, JobState.CANCELLED):
            state_machine.check_lease(job, fence)
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
            return change_job(connection, state_machine.cancelled(job, now=now))
        return change_job(connection, state_machine.succeeded(job, result, now=now))

    def advance_within(
        self, connection: Connection, job: JobRecord, *, payload: Mapping[str, Any], now: float
    ) -> JobRecord:
        """Queue a job for its next step, which ``payload`` says; see `complete_within`."""
        ahead = state_machine.advanced(job, payload, now=now)
        return change_job(connection, ahead, payload=True)

    def fail(
        self, id_: str, *, fence: int, failure: JobFailure, transient: bool, now: float
    ) -> JobRecord:
        """End a try badly; a transient failure is queued again, the third into quarantine.

        A worker that stopped a job which is cancelling says so with this as well.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        return self._step(
            id_, fence, lambda job: state_machine.failed(job, failure, transient=transient, now=now)
        )

    def release(self, id_: str, *, fence: int, now: float) -> JobRecord:
        """Queue a job again whose worker stops; the try does not count.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        return self._step(id_, fence, lambda job: state_machine.released(job, now=now))

    def interrupt(self, id_: str, *, fence: int, now: float) -> JobRecord:
        """Queue a job again whose worker could not reach the server; the try does not count.

        Raises:
            LeaseLostError: when the job does not belong to this lease.
        """
        return self._step(id_, fence, lambda job: state_machine.interrupted(job, now=now))

    def held(self) -> frozenset[Held]:
        """Return every lease as it is now."""
        query = select(jobs.c.id, jobs.c.fence, jobs.c.lease_until).where(_HELD)
        with self._database.read() as connection:
            return frozenset((id_, fence, until) for id_, fence, until in connection.execute(query))

    def expire(
        self, *, now: float, seconds: float, inherited: Collection[Held] = ()
    ) -> list[JobRecord]:
        """End the tries of workers whose lease is over, and return what became of their jobs.

        Args:
            now: seconds since 1970.
            seconds: how long a lease lasts, for the words of the failure.
            inherited: the leases that an earlier server gave, from `held` at the start. Where one
                is still as it was, nobody knows whether its worker failed or ended with that
                server: the try does not count.
        """
        over = jobs.c.lease_until.is_not(None) & (jobs.c.lease_until < now)
        with self._database.read() as connection:
            if connection.scalar(select(jobs.c.number).where(_HELD, over).limit(1)) is None:
                return []

        def ended(job: JobRecord) -> JobRecord:
            if (job.id, job.fence, job.lease_until) in inherited:
                return state_machine.interrupted(job, now=now)
            return state_machine.lost(job, now=now, seconds=seconds)

        with self._database.write() as connection:
            query = query_jobs().where(_HELD, over).order_by(jobs.c.number)
            return [
                change_job(connection, ended(from_row(row)))
                for row in connection.execute(query).all()
            ]

    def end_worker(self, worker: str, *, now: float, counts: bool = True) -> list[JobRecord]:
        """End the tries of a worker that is gone; return what became of its jobs.

        They do not count where ``counts`` is false: the worker was stopped.
        """
        step = state_machine.died if counts else state_machine.released
        query = query_jobs().where(_HELD, jobs.c.worker == worker).order_by(jobs.c.number)
        with self._database.write() as connection:
            return [
                change_job(connection, step(from_row(row), now=now))
                for row in connection.execute(query).all()
            ]

    def oldest_queued(self) -> str | None:
        """Return when the job was asked for that waits longest for a worker; None without any."""
        query = select(jobs.c.created).where(jobs.c.state == JobState.QUEUED.value)
        with self._database.read() as connection:
            return connection.scalars(query.order_by(jobs.c.number).limit(1)).first()

    def _step(self, id_: str, fence: int, step: Callable[[JobRecord], JobRecord]) -> JobRecord:
        with self._database.write() as connection:
            job = find_job(connection, id_)
            state_machine.check_lease(job, fence)
            return change_job(connection, step(job))


def _next(connection: Connection, kinds: Collection[JobKind], now: float) -> JobRecord | None:
    # One query for each priority walks the index; a sort by both columns would read the queue.
    for priority in sorted(Priority, key=lambda priority: priority.rank, reverse=True):
        row = connection.execute(
            _NEXT,
            {"rank": priority.rank, "kinds": [kind.value for kind in kinds], "now": now},
        ).one_or_none()
        if row is not None:
            return from_row(row)
    return None
