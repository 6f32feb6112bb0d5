"""A job as a row of the database, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, insert, literal, select, update

from task2vec.errors import StoreCorruptError
from task2vec.messages.jobs import Progress
from task2vec.store.jobs.events import append_event, append_events
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.identity import unknown
from task2vec.store.sql.schema import CHECKSUM
from task2vec.store.sql.schema_service import batch_items, jobs
from task2vec.store.sql.text import dump, load
from task2vec.types import EventKind, JobKind, JobState, Priority

UNDER_WAY = tuple(state.value for state in JobState if not state.final)


def query_jobs(*, payload: bool = True) -> Select[Any]:
    """Select whole jobs; without their ``payload``, which may be long, where none is read."""
    left_out = [] if payload else [literal("{}").label("payload")]
    columns = [column for column in jobs.c if payload or column.name != "payload"]
    return select(*columns, *left_out)


_AGAIN = "Restore the store from a copy, or submit the work again."
_FIND = query_jobs().where(jobs.c.id == bindparam("of"))
_UNDER_WAY_AS = query_jobs().where(
    jobs.c.same_as.in_(bindparam("works", expanding=True)), jobs.c.state.in_(UNDER_WAY)
)
_ITEM_STATUS = {
    JobState.SUCCEEDED: "embedded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
_SETTLE = update(batch_items).where(batch_items.c.job == bindparam("of"))
_INSERT = insert(jobs)
_UPDATE = update(jobs).where(jobs.c.id == bindparam("of"))
# SQLite bounds the number of parameters of a statement.
_AT_ONCE = 500


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
    asked = sorted(set(works))
    found: list[Row[Any]] = []
    for first in range(0, len(asked), _AT_ONCE):
        some = asked[first : first + _AT_ONCE]
        found += connection.execute(_UNDER_WAY_AS, {"works": some}).all()
    return [from_row(row) for row in sorted(found, key=lambda row: int(row.number))]


def insert_jobs(connection: Connection, new: Sequence[JobRecord]) -> None:
    """Add jobs, each with its first event."""
    if new:
        connection.execute(_INSERT, [to_row(job) for job in new])
        append_events(connection, new, kind=EventKind.STATE)


def change_job(
    connection: Connection, job: JobRecord, *, kind: EventKind = EventKind.STATE
) -> JobRecord:
    """Store what a job has become, log it, and tell the batches that it belongs to."""
    row = to_row(job)
    # The question never changes and may be long.
    del row["payload"], row["id"]
    connection.execute(_UPDATE, {**row, "of": job.id})
    append_event(connection, job, kind=kind)
    if kind is EventKind.STATE:
        _settle_items(connection, job)
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
        "progress": dump(job.progress.model_dump(), what=what),
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


def from_row(row: Row[Any], *, whole: bool = True) -> JobRecord:
    """Return the job that `to_row` took apart; without its payload its checksum is not compared.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"Job {row.id}"
    columns = checked(row, jobs, what=what, remedy=_AGAIN) if whole else {**row._mapping}
    del columns["number"]
    columns.pop(CHECKSUM, None)
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
                "progress": Progress.model_validate(load(row.progress, what=what)),
            }
        )
    except (TypeError, ValueError, IndexError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store",
            got=str(error),
            remedy=_AGAIN,
        ) from error


def _or_none(text: str | None, *, what: str) -> Mapping[str, Any] | None:
    if text is None:
        return None
    loaded: Mapping[str, Any] = load(text, what=what)
    return loaded


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
