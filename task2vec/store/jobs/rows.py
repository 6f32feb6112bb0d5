"""Jobs and what happened to them as rows of the database, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, literal, select, update

from task2vec.store.jobs.record import JobRecord, fields_of, shown
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import rows_with_any
from task2vec.store.sql.identity import unknown
from task2vec.store.sql.schema_service import batch_items, job_events, jobs
from task2vec.store.sql.text import dump, load, record_of
from task2vec.types import EventKind, JobState, Priority

UNDER_WAY = tuple(state.value for state in JobState if not state.final)


def query_jobs(*, payload: bool = True) -> Select[Any]:
    """Select whole jobs; without their ``payload``, which may be long, where none is read."""
    left_out = [] if payload else [literal("{}").label("payload")]
    columns = [column for column in jobs.c if payload or column.name != "payload"]
    return select(*columns, *left_out)


_AGAIN = "Restore the store from a copy, or submit the work again."
_FIND = query_jobs().where(jobs.c.id == bindparam("of"))
_ITEM_STATUS = {
    JobState.SUCCEEDED: "embedded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
_SETTLE = update(batch_items).where(batch_items.c.job == bindparam("of"))
# Built once: SQLAlchemy takes longer to build a statement than SQLite to run it.
_INSERT, _INSERT_EVENTS = insert(jobs), insert(job_events)
_UPDATE = update(jobs).where(jobs.c.id == bindparam("of"))
_IN_JSON = ("payload", "result", "error", "progress")


def find_job(connection: Connection, id_: str) -> JobRecord:
    """Return a job.

    Raises:
        UnknownNameError: when there is none.
    """
    row = connection.execute(_FIND, {"of": id_}).one_or_none()
    if row is None:
        raise unknown("job", asked=id_, names=())
    return from_row(row)


def jobs_under_way(connection: Connection, works: Iterable[str]) -> list[JobRecord]:
    """Return the jobs under way that do one of these works, in the order in which they came."""
    query = query_jobs().where(jobs.c.state.in_(UNDER_WAY))
    rows = rows_with_any(connection, query, jobs.c.same_as, works)
    return [from_row(row) for row in sorted(rows, key=lambda row: int(row.number))]


def insert_jobs(connection: Connection, new: Sequence[JobRecord]) -> None:
    """Add jobs, each with its first event."""
    if new:
        connection.execute(_INSERT, [to_row(job) for job in new])
        _append_events(connection, new, kind=EventKind.STATE)


def change_job(
    connection: Connection,
    job: JobRecord,
    *,
    kind: EventKind = EventKind.STATE,
    payload: bool = False,
) -> JobRecord:
    """Store what a job has become, log it, and tell the batches that it belongs to.

    Its ``payload`` may be long, and changes with a step of several only.
    """
    row = to_row(job)
    del row["id"]
    if not payload:
        del row["payload"]
    connection.execute(_UPDATE, {**row, "of": job.id})
    _append_events(connection, [job], kind=kind)
    if kind is EventKind.STATE:
        _settle_items(connection, job)
    return job


def to_row(job: JobRecord) -> dict[str, Any]:
    """Return the columns of a job, all but its number.

    Raises:
        SettingError: for a payload or result that JSON cannot hold.
    """
    columns, what = fields_of(job), f"Job {job.id}"
    in_json = {
        name: dump(columns[name], what=what) for name in _IN_JSON if columns[name] is not None
    }
    return {**columns, **in_json, "priority": job.priority.rank}


def from_row(row: Row[Any], *, whole: bool = True) -> JobRecord:
    """Return the job that `to_row` took apart; without its payload its checksum is not compared.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"Job {row.id}"
    columns = checked(row, jobs, what=what, remedy=_AGAIN) if whole else {**row._mapping}
    columns |= {n: load(columns[n], what=what) for n in _IN_JSON if columns[n] is not None}
    columns["priority"] = dict(enumerate(Priority)).get(row.priority)
    return record_of(JobRecord, columns, what=what, remedy=_AGAIN)


def _settle_items(connection: Connection, job: JobRecord) -> None:
    """Note at every item how its job ended, so that it is known once the job is pruned.

    While the job is under way its items have no status.
    """
    status = _ITEM_STATUS.get(job.state)
    result = job.result or {}
    if status == "embedded" and result.get("status") == "unchanged":
        status = "unchanged"
    error = None if job.error is None or not job.state.final else asdict(job.error)
    connection.execute(
        _SETTLE,
        {
            "of": job.id,
            "status": status,
            "task": result.get("id") if job.state.final else None,
            "error": None if error is None else dump(error, what="The error of an item"),
        },
    )


@dataclass(frozen=True)
class StoredEvent:
    """Something that happened to a job. ``id`` rises; ``job`` is `shown` back then."""

    id: int
    kind: EventKind
    job: Mapping[str, Any]


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


def _append_events(connection: Connection, new: Sequence[JobRecord], *, kind: EventKind) -> None:
    """Log what jobs have become, in the transaction that makes it so."""
    rows = [
        {"job": job.id, "kind": kind.value, "data": dump(shown(job), what=f"Job {job.id}")}
        for job in new
    ]
    connection.execute(_INSERT_EVENTS, rows)
