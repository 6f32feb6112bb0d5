"""The log of changes to tasks, by which a copy of them in memory catches up."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, insert, select

from task2vec.store.sql import schema


class ChangeKind(StrEnum):
    """What happened to a task."""

    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"


@dataclass(frozen=True)
class Change:
    """One change to the task with the id ``task``.

    Numbers rise in the order of the commits and are never used twice, but may leave gaps.
    """

    number: int
    task: str
    kind: ChangeKind


def append_change(connection: Connection, task: str, *, kind: ChangeKind) -> None:
    """Log a change, in the transaction that makes it."""
    connection.execute(insert(schema.task_changes).values(task=task, kind=kind))


def read_changes(connection: Connection, *, since: int) -> list[Change]:
    """Return the changes whose number is above ``since``, oldest first."""
    log = schema.task_changes
    query = select(log).where(log.c.number > since).order_by(log.c.number)
    return [Change(r.number, r.task, ChangeKind(r.kind)) for r in connection.execute(query)]


def last_number(connection: Connection) -> int:
    """Return the number of the last change, 0 before the first."""
    return connection.scalar(select(func.max(schema.task_changes.c.number))) or 0
