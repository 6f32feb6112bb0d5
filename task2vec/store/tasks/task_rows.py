"""A task's record as a row of the database, and back."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from task2vec.errors import StoreCorruptError
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import RESTORE, checked
from task2vec.store.sql.identity import unknown
from task2vec.store.sql.text import dump, load
from task2vec.store.tasks.vectors import BYTES_OF_A_VALUE, Kind
from task2vec.types import Provenance, Space, TaskRecord


def to_row(record: TaskRecord) -> dict[str, Any]:
    """Return the columns of ``record``.

    Raises:
        SettingError: for a provenance that JSON cannot hold.
    """
    what = f"The record of task '{record.name}'"
    return {
        "id": record.id,
        "name": record.name,
        "probe_name": record.provenance.probe_name,
        "space": space_key(record.provenance.space),
        "provenance": dump(record.provenance.model_dump(), what=what),
        "complexity": None if math.isnan(record.complexity) else record.complexity,
        "seconds": record.seconds,
        "source": dump(record.source, what=what),
        "source_signature": dump(record.source_signature, what=what),
        "created": record.created,
        "tags": dump(record.tags, what=what),
        "warnings": dump(record.warnings, what=what),
    }


def from_row(row: Row[Any]) -> TaskRecord:
    """Return the record that `to_row` took apart.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"The record of task '{row.name}'"
    checked(row, schema.tasks, what=what)
    try:
        return TaskRecord(
            id=row.id,
            name=row.name,
            provenance=Provenance.model_validate(load(row.provenance, what=what)),
            complexity=math.nan if row.complexity is None else row.complexity,
            seconds=row.seconds,
            source=load(row.source, what=what),
            source_signature=load(row.source_signature, what=what),
            created=row.created,
            tags=tuple(load(row.tags, what=what)),
            warnings=tuple(load(row.warnings, what=what)),
        )
    except (ValueError, TypeError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store", got=str(error), remedy=RESTORE
        ) from error


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


def read_records(connection: Connection, ids: Iterable[str]) -> dict[str, TaskRecord]:
    """Return, by id, the records of those of the tasks with these ids that there are."""
    query = select(schema.tasks).where(schema.tasks.c.id.in_(ids))
    return {row.id: from_row(row) for row in connection.execute(query)}


def task_named(connection: Connection, name: str) -> TaskRecord | None:
    """Return the task of this name, if there is one."""
    row = connection.execute(select(schema.tasks).where(schema.tasks.c.name == name)).one_or_none()
    return None if row is None else from_row(row)


def spaces_of(connection: Connection, *, probe: str | None = None) -> list[Space]:
    """Return every space that holds a task, or one of a ``probe`` (its name), in fixed order."""
    query = select(schema.tasks.c.space).distinct().order_by(schema.tasks.c.space)
    if probe is not None:
        query = query.where(schema.tasks.c.probe_name == probe)
    texts = connection.scalars(query)
    return [Space(**load(text, what="A space")) for text in texts]


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
