"""The log of changes to tasks, and what a copy of the tasks of one space lacks."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, func, insert, select

from task2vec.errors import StoreCorruptError
from task2vec.messages.tasks import StoredTask
from task2vec.store.sql import schema
from task2vec.store.tasks.task_rows import from_row, space_key
from task2vec.store.tasks.vectors import Kind, decode_values
from task2vec.types import Space, Vector

# More at once are read faster as a whole; SQLite also bounds the variables of a query.
_MOST_CHANGES = 500
_ROOM = 64


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


@dataclass(frozen=True, eq=False)
class Update:
    """What happened up to the change with this ``number``.

    ``gone`` are the ids to forget first, or None to forget all; then ``records`` are to be taken
    in, with their ``values`` (m, n) and the ``digests`` of those, SHA-256 in hexadecimal.
    The values are the first rows of ``buffer``, which may have room for more: a copy of all tasks
    then takes in others without being moved.
    """

    number: int
    gone: frozenset[str] | None
    records: list[StoredTask]
    buffer: Vector
    digests: list[str]

    @property
    def values(self) -> Vector:
        """The embeddings of the records, shape (m, n)."""
        return self.buffer[: len(self.records)]


def read_update(connection: Connection, space: Space, *, since: int | None) -> Update | None:
    """Return what a copy that has seen ``since`` lacks; None where that is nothing.

    A copy of nothing has ``since`` None. One that has seen more than the store ever did is of
    another store, and is told to begin anew.

    Raises:
        StoreCorruptError: names a task whose bytes are not those that were written.
    """
    number = last_number(connection)
    if since == number:
        return None
    within = schema.tasks.c.space == space_key(space)
    gone = None
    if since is not None and since < number:
        changed = {change.task for change in read_changes(connection, since=since)}
        if len(changed) <= _MOST_CHANGES:
            gone = frozenset(changed)
            within &= schema.tasks.c.id.in_(changed)
    records: list[StoredTask] = []
    digests: list[str] = []
    buffer = np.empty((0, 0), dtype=np.float32)
    count = connection.scalar(select(func.count()).select_from(schema.tasks).where(within))
    for row in connection.execute(with_values().where(within)):
        record = from_row(row)
        value = decode_values(row.data, row.sha256, task=record.name)
        if not records:
            # Filled row by row, so that the vectors are in memory only once.
            # Room that nobody writes to takes none.
            room = (count or 0) + ((count or 0) // 4 + _ROOM if gone is None else 0)
            buffer = np.empty((room, value.size), np.float32)
        buffer[len(records)] = value
        records.append(record)
        digests.append(row.sha256)
    if len(records) != count:
        raise vectors_missing("Some tasks have")
    return Update(number, gone, records, buffer, digests)


def with_values() -> Select[Any]:
    """Return the query for tasks with their values, by name."""
    vectors = schema.vectors.c
    return (
        select(schema.tasks, vectors.data, vectors.sha256)
        .join(schema.vectors, (vectors.task == schema.tasks.c.id) & (vectors.kind == Kind.VALUES))
        .order_by(schema.tasks.c.name)
        .execution_options(yield_per=64)
    )


def vectors_missing(who: str) -> StoreCorruptError:
    """Return the error for tasks without vectors."""
    return StoreCorruptError(
        f"{who} no embedding in the store",
        remedy="Embed again with `update` (`--update` on the command line), or restore the store "
        "from a copy.",
    )
