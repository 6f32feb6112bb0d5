"""The jobs of a store: submitted, lent, ended, looked up."""

import dataclasses
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, select, update

from task2vec.errors import SourceError, StateError
from task2vec.store.jobs import state_machine
from task2vec.store.jobs.leases import Lending
from task2vec.store.jobs.record import JobRecord
from task2vec.store.jobs.rows import (
    StoredEvent,
    change_job,
    find_job,
    from_row,
    insert_jobs,
    jobs_under_way,
    query_jobs,
    read_events,
)
from task2vec.store.sql.database import rows_with_any
from task2vec.store.sql.identity import new_id, unknown
from task2vec.store.sql.schema_service import batch_items, datasets, job_events, jobs
from task2vec.types import EventKind, JobKind, JobState


def datasets_of(job: JobRecord) -> dict[str, str]:
    """Return the ids of the data sets that a job reads, by role.

    Roles are "task", "source" and "target" of a distance, and "images" without labels.
    """
    if job.kind is JobKind.DISTANCES:
        sides = {side: job.payload[side]["dataset"] for side in ("source", "target")}
        return {side: dataset for side, dataset in sides.items() if dataset is not None}
    dataset = job.payload.get("dataset")
    role = "images" if job.kind is JobKind.PREDICT else "task"
    return {} if dataset is None else {role: dataset}


def gone_datasets(connection: Connection, jobs: Iterable[JobRecord]) -> set[str]:
    """Return the ids of those data sets of some jobs that are not there any more."""
    read = {id_ for job in jobs for id_ in datasets_of(job).values()}
    there = rows_with_any(connection, select(datasets.c.id), datasets.c.id, read)
    return read.difference(row.id for row in there)


class Jobs(Lending):
    """The jobs of a store.

    Every method is one transaction, except that those that end in ``_within`` are part of the
    write transaction of their ``connection``. Each change of state and each progress is an event.
    Times ``now`` are seconds since 1970, by the clock of the one process that owns the store.
    """

    def submit(self, job: JobRecord, *, now: float) -> JobRecord:
        """Queue a job; return it as stored, once it is on disk. See `submit_within`."""
        with self._database.write() as connection:
            return self.submit_within(connection, job, now=now)

    def submit_within(self, connection: Connection, job: JobRecord, *, now: float) -> JobRecord:
        """Queue a job as part of a wider transaction; see `submit_many_within`."""
        return self.submit_many_within(connection, [job], now=now)[0]

    def submit_many_within(
        self, connection: Connection, wanted: Sequence[JobRecord], *, now: float
    ) -> list[JobRecord]:
        """Queue jobs, or return in their place those under way that do the same work.

        An empty ``id`` or ``created`` is filled in. Work that is shared takes the higher priority
        of both, and belongs to a batch only if that batch is the only one that wants it. A job that
        is final already is stored as it is.

        Raises:
            UnknownNameError: when a data set that one of them reads has been removed.
        """
        gone = gone_datasets(connection, wanted)
        if gone:
            raise unknown("data set", asked=min(gone), names=())
        works = [job.same_as for job in wanted if job.same_as is not None]
        # Work that is being given up is no use to somebody who asks for it anew.
        known = {
            job.same_as: job
            for job in jobs_under_way(connection, works)
            if job.state is not JobState.CANCELLING
        }
        new: dict[str, JobRecord] = {}
        given: list[str | JobRecord] = []
        for job in wanted:
            twin = None if job.state.final or job.same_as is None else known.get(job.same_as)
            if twin is None:
                twin = _filled(job, now=now)
                new[twin.id] = twin
            elif twin.id in new:
                twin = new[twin.id] = _shared(twin, job)
            elif (shared := _shared(twin, job)) != twin:
                twin = change_job(connection, shared)
            if twin.same_as is not None and not twin.state.final:
                known[twin.same_as] = twin
            given.append(twin.id if twin.id in new else twin)
        insert_jobs(connection, list(new.values()))
        return [new[job] if isinstance(job, str) else job for job in given]

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
        page = tuple(from_row(row, whole=False) for row in rows[:limit])
        return page, rows[limit - 1].number if len(rows) > limit else None

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

    def cancel(self, id_: str, *, now: float) -> JobRecord:
        """Cancel a job: at once when it is queued, else when its worker has stopped.

        Raises:
            UnknownNameError: when there is no such job.
            StateError: when it has ended.
        """
        with self._database.write() as connection:
            return _cancel(connection, find_job(connection, id_), now=now)

    def cancel_many_within(self, connection: Connection, ids: Iterable[str], *, now: float) -> None:
        """Cancel those of the jobs that have not ended."""
        for id_ in ids:
            job = find_job(connection, id_)
            if not job.state.final:
                _cancel(connection, job, now=now)

    def retry(self, id_: str, *, now: float) -> JobRecord:
        """Queue a failed or cancelled job again, as if it were new.

        Raises:
            UnknownNameError: when there is no such job.
            SourceError: when a data set that it reads has been removed.
            StateError: in any other state, or when another job does the same work already.
        """
        with self._database.write() as connection:
            job = find_job(connection, id_)
            if gone_datasets(connection, [job]):
                raise SourceError(
                    f"The data set of job {id_} is gone", remedy="Upload it again, and ask anew."
                )
            job = state_machine.retried(job, now=now)
            twins = jobs_under_way(connection, [job.same_as] if job.same_as else [])
            if twins:
                twin = twins[0]
                raise StateError(
                    f"Job {id_} cannot be tried again",
                    expected="no other job that does the same work",
                    got=f"job {twin.id}, which is {twin.state.value}",
                    remedy="Wait for that one.",
                )
            return change_job(connection, job)

    def prune(self, *, jobs_before: float, progress_before: float) -> int:
        """Remove jobs that ended before ``jobs_before``, with their events; return how many.

        Of those that ended before ``progress_before`` only the events of progress are removed.
        Items of batches keep how they ended and forget their job.
        """
        ended = jobs.c.state.in_([state.value for state in JobState if state.final])
        old = ended & (jobs.c.finished < state_machine.at(jobs_before))
        quiet = ended & (jobs.c.finished < state_machine.at(progress_before))
        of_progress = job_events.c.kind == EventKind.PROGRESS.value
        with self._database.write() as connection:
            progress = of_progress & job_events.c.job.in_(select(jobs.c.id).where(quiet))
            connection.execute(delete(job_events).where(progress))
            items = batch_items.c.job.in_(select(jobs.c.id).where(old))
            connection.execute(update(batch_items).where(items).values(job=None))
            return connection.execute(delete(jobs).where(old)).rowcount


def _cancel(connection: Connection, job: JobRecord, *, now: float) -> JobRecord:
    stopped = state_machine.asked_to_stop(job, now=now)
    return job if stopped == job else change_job(connection, stopped)


def _filled(job: JobRecord, *, now: float) -> JobRecord:
    moment = state_machine.at(now)
    return dataclasses.replace(
        job,
        id=job.id or new_id("job"),
        created=job.created or moment,
        started=moment if job.state.final else None,
        finished=moment if job.state.final else None,
    )


def _shared(known: JobRecord, wanted: JobRecord) -> JobRecord:
    priority = max(known.priority, wanted.priority, key=lambda priority: priority.rank)
    batch = known.batch if known.batch == wanted.batch else None
    return dataclasses.replace(known, priority=priority, batch=batch)
