"""A job as a row of the database, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, literal, select, update

from task2vec.errors import StoreCorruptError
from task2vec.store.identity import unknown
from task2vec.store.jobs.events import append_event
from task2vec.store.jobs.items import settle_items
from task2vec.store.schema_service import jobs
from task2vec.store.text import dump, load
from task2vec.types import (
    EventKind,
    JobFailure,
    JobKind,
    JobProgress,
    JobRecord,
    JobState,
    Priority,
)

UNDER_WAY = tuple(state.value for state in JobState if not state.final)


def query_jobs(*, payload: bool = True) -> Select[Any]:
    """Select whole jobs; without their ``payload``, which may be long, where none is read."""
    left_out = [] if payload else [literal("{}").label("payload")]
    columns = [column for column in jobs.c if payload or column.name != "payload"]
    return select(*columns, *left_out)


def find_job(connection: Connection, id_: str) -> JobRecord:
    """Return a job.

    Raises:
        UnknownNameError: when there is none.
    """
    row = connection.execute(query_jobs().where(jobs.c.id == id_)).one_or_none()
    if row is None:
        raise unknown("job", asked=id_, names=())
    return from_row(row)


def first_job(connection: Connection, *conditions: ColumnElement[bool]) -> JobRecord | None:
    """Return the first job under these conditions, in the order in which they came."""
    query = query_jobs().where(*conditions).order_by(jobs.c.number).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else from_row(row)


def insert_job(connection: Connection, job: JobRecord) -> JobRecord:
    """Add a job and its first event."""
    connection.execute(insert(jobs).values(to_row(job)))
    append_event(connection, job, kind=EventKind.STATE)
    return job


def change_job(
    connection: Connection, job: JobRecord, *, kind: EventKind = EventKind.STATE
) -> JobRecord:
    """Store what a job has become, log it, and tell the batches that it belongs to."""
    row = to_row(job)
    # The question never changes and may be long.
    del row["payload"]
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(row))
    append_event(connection, job, kind=kind)
    if kind is EventKind.STATE:
        settle_items(connection, job)
    return job


def to_row(job: JobRecord) -> dict[str, Any]:
    """Return the columns of a job, all but its number.

    Raises:
        SettingError: for a payload or result that JSON cannot hold.
    """
    what = f"Job {job.id}"
    return {
        "id": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "priority": job.priority.rank,
        "name": job.name,
        "payload": dump(dict(job.payload), what=what),
        "result": None if job.result is None else dump(dict(job.result), what=what),
        "error": None if job.error is None else dump(asdict(job.error), what=what),
        "progress": dump(asdict(job.progress), what=what),
        "attempts": job.attempts,
        "fence": job.fence,
        "worker": job.worker,
        "lease_until": job.lease_until,
        "not_before": job.not_before,
        "quarantined": job.quarantined,
        "same_as": job.same_as,
        "dataset": job.dataset,
        "owner": job.owner,
        "batch": job.batch,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
    }


def from_row(row: Row[Any]) -> JobRecord:
    """Return the job that `to_row` took apart.

    Raises:
        StoreCorruptError: where the columns do not make one.
    """
    what = f"Job {row.id}"
    columns = {name: value for name, value in row._mapping.items() if name != "number"}
    try:
        return JobRecord(
            **{
                **columns,
                "kind": JobKind(row.kind),
                "state": JobState(row.state),
                "priority": list(Priority)[row.priority],
                "payload": load(row.payload, what=what),
                "result": _or_none(row.result, what=what),
                "error": None if row.error is None else JobFailure(**load(row.error, what=what)),
                "progress": JobProgress(**load(row.progress, what=what)),
            }
        )
    except (TypeError, ValueError, IndexError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store",
            got=str(error),
            remedy="Restore the store from a copy, or submit the work again.",
        ) from error


def _or_none(text: str | None, *, what: str) -> Mapping[str, Any] | None:
    if text is None:
        return None
    loaded: Mapping[str, Any] = load(text, what=what)
    return loaded
