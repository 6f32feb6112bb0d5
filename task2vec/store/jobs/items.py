"""What the items of batches learn from their jobs."""

from dataclasses import asdict

from sqlalchemy import Connection, bindparam, update

from task2vec.store.sql.schema_service import batch_items
from task2vec.store.sql.text import dump
from task2vec.types import JobRecord, JobState

_STATUS = {
    JobState.SUCCEEDED: "embedded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}
_UPDATE = update(batch_items).where(batch_items.c.job == bindparam("of"))


def settle_items(connection: Connection, job: JobRecord) -> None:
    """Note at every item how its job ended, so that it is known once the job is pruned.

    While the job is under way its items have no status.
    """
    status = _STATUS.get(job.state)
    result = job.result or {}
    if status == "embedded" and result.get("status") == "unchanged":
        status = "unchanged"
    error = None if job.error is None or not job.state.final else asdict(job.error)
    connection.execute(
        _UPDATE,
        {
            "of": job.id,
            "status": status,
            "task": result.get("id") if job.state.final else None,
            "error": None if error is None else dump(error, what="The error of an item"),
        },
    )
