"""The data sets that jobs read: they have to be there when a job is queued.

Somebody may remove a data set after a question about it was looked at. Whether it is there is told
in the transaction that queues the job, after which it cannot be removed.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select

from task2vec.store.schema_service import datasets
from task2vec.types import JobKind, JobRecord

_THERE = select(datasets.c.id).where(datasets.c.id.in_(bindparam("ids", expanding=True)))
# SQLite bounds the number of parameters of a statement.
_AT_ONCE = 500


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
    asked, gone = sorted(read), set(read)
    for first in range(0, len(asked), _AT_ONCE):
        gone.difference_update(connection.scalars(_THERE, {"ids": asked[first : first + _AT_ONCE]}))
    return gone
