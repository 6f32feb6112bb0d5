"""Removing jobs that ended long ago."""

from sqlalchemy import Connection, delete, select, update

from task2vec.store.sql.schema_service import batch_items, job_events, jobs
from task2vec.types import EventKind, JobState

_FINAL = [state.value for state in JobState if state.final]


def prune(connection: Connection, *, jobs_before: str, progress_before: str) -> int:
    """Remove ended jobs and, of others that ended, the events of progress; see `Jobs.prune`.

    Items of batches keep how they ended and forget their job.
    """
    ended = jobs.c.state.in_(_FINAL)
    quiet = select(jobs.c.id).where(ended, jobs.c.finished < progress_before)
    connection.execute(
        delete(job_events).where(
            job_events.c.kind == EventKind.PROGRESS.value, job_events.c.job.in_(quiet)
        )
    )
    old = select(jobs.c.id).where(ended, jobs.c.finished < jobs_before)
    connection.execute(update(batch_items).where(batch_items.c.job.in_(old)).values(job=None))
    return connection.execute(delete(jobs).where(ended, jobs.c.finished < jobs_before)).rowcount
