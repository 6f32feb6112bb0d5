"""A task's record as a row of the database, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from task2vec.errors import StoreCorruptError
from task2vec.messages.tasks import StoredTask
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import checked, sealed
from task2vec.store.sql.database import rows_with_any
from task2vec.store.sql.identity import time_text, unknown
from task2vec.store.sql.text import dump, load, record_of
from task2vec.store.tasks.vectors import BYTES_OF_A_VALUE, Kind
from task2vec.types import Space

#: The columns that hold JSON text.
_IN_JSON = ("provenance", "source", "source_signature", "tags", "warnings")


def to_row(record: StoredTask) -> dict[str, Any]:
    """Return the columns of ``record``.

    Raises:
        SettingError: for a provenance that JSON cannot hold.
    """
    what = f"The record of task '{record.name}'"
    columns = record.model_dump(include=set(sealed(schema.tasks)))
    columns |= {name: dump(columns[name], what=what) for name in _IN_JSON}
    return {
        **columns,
        "probe_name": record.provenance.probe_name,
        "space": space_key(record.space),
        "complexity": None if math.isnan(record.complexity) else record.complexity,
        "created": time_text(record.created),
    }


def from_row(row: Row[Any]) -> StoredTask:
    """Return the record that `to_row` took apart.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"The record of task '{row.name}'"
    columns = checked(row, schema.tasks, what=what)
    columns |= {name: load(columns[name], what=what) for name in _IN_JSON}
    if row.complexity is None:
        columns["complexity"] = math.nan
    return record_of(StoredTask, columns, what=what)


def space_key(space: Space) -> str:
    """Return text that is equal exactly for equal spaces."""
    return dump(space.model_dump(), what="The space")


def find_task(connection: Connection, name_or_id: str) -> Row[Any]:
    """Return the row of a task.

    Raises:
        UnknownNameError: suggests names that are close.
    """
    id_, name = schema.tasks.c.id, schema.tasks.c.name
    query = select(schema.tasks).where(or_(id_ == name_or_id, name == name_or_id))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise unknown("task", asked=name_or_id, names=connection.scalars(select(name)))
    return row


def read_records(connection: Connection, ids: Iterable[str]) -> dict[str, StoredTask]:
    """Return, by id, the records of those of the tasks with these ids that there are."""
    rows = rows_with_any(connection, select(schema.tasks), schema.tasks.c.id, ids)
    return {row.id: from_row(row) for row in rows}


def task_named(connection: Connection, name: str) -> StoredTask | None:
    """Return the task of this name, if there is one."""
    row = connection.execute(select(schema.tasks).where(schema.tasks.c.name == name)).one_or_none()
    return None if row is None else from_row(row)


def spaces_of(connection: Connection, *, probe: str | None = None) -> list[Space]:
    """Return every space that holds a task, or one of a ``probe`` (its name), in fixed order."""
    return [*sizes_of_spaces(connection, probe=probe)]


def sizes_of_spaces(connection: Connection, *, probe: str | None = None) -> dict[Space, int]:
    """Return how many tasks each space has, or those of a ``probe`` (its name), in fixed order."""
    space = schema.tasks.c.space
    query = select(space, func.count().label("tasks")).group_by(space).order_by(space)
    if probe is not None:
        query = query.where(schema.tasks.c.probe_name == probe)
    rows = connection.execute(query)
    return {Space(**load(row.space, what="A space")): row.tasks for row in rows}


def elements_of(connection: Connection, space: Space) -> int | None:
    """Return how many elements the stored embeddings of ``space`` have; None without any."""
    size = connection.scalar(
        select(func.length(schema.vectors.c.data))
        .join(schema.tasks, schema.vectors.c.task == schema.tasks.c.id)
        .where(schema.tasks.c.space == space_key(space), schema.vectors.c.kind == Kind.VALUES)
        .limit(1)
    )
    return None if size is None else size // BYTES_OF_A_VALUE


def tags_of(connection: Connection, id_: str) -> tuple[str, ...]:
    """Return the tags of a task; none of one whose record is damaged, which can still be replaced.

    Raises `UnknownNameError` where there is no such task.
    """
    with suppress(StoreCorruptError):
        return from_row(find_task(connection, id_)).tags
    return ()
