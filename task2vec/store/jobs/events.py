"""What happened to jobs, in order, for those who follow them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from task2vec.store.jobs.record import JobRecord, shown
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.schema_service import job_events
from task2vec.store.sql.text import dump, load
from task2vec.types import EventKind

# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_INSERT = insert(job_events)


@dataclass(frozen=True)
class StoredEvent:
    """Something that happened to a job. ``id`` rises; ``job`` is `shown` back then."""

    id: int
    kind: EventKind
    job: Mapping[str, Any]


def append_event(connection: Connection, job: JobRecord, *, kind: EventKind) -> None:
    """Log what a job has become, in the transaction that makes it so."""
    append_events(connection, [job], kind=kind)


def append_events(connection: Connection, jobs: Iterable[JobRecord], *, kind: EventKind) -> None:
    """Log what several jobs have become."""
    rows = [
        {"job": job.id, "kind": kind.value, "data": dump(shown(job), what=f"Job {job.id}")}
        for job in jobs
    ]
    if rows:
        connection.execute(_INSERT, rows)


def read_events(connection: Connection, job: str, *, after: int, limit: int) -> list[StoredEvent]:
    """Return up to ``limit`` events of a job with an id above ``after``, oldest first."""
    query = (
        select(job_events)
        .where(job_events.c.job == job, job_events.c.id > after)
        .order_by(job_events.c.id)
        .limit(limit)
    )
    what = f"An event of job {job}"
    rows = connection.execute(query).all()
    for row in rows:
        checked(row, job_events, what=what)
    return [StoredEvent(row.id, EventKind(row.kind), load(row.data, what=what)) for row in rows]
