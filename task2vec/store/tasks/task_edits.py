"""Renaming and removing a task, and reading tasks page by page."""

import dataclasses
import json
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, func, or_, select, update

from task2vec.errors import NameTakenError, StateError
from task2vec.store.sql import schema
from task2vec.store.sql.identity import check_name
from task2vec.store.sql.text import dump
from task2vec.store.tasks.changes import ChangeKind, append_change
from task2vec.store.tasks.task_parts import remove_parts
from task2vec.store.tasks.task_rows import find_task, from_row
from task2vec.types import TaskRecord

#: Raises `ChangedError` for a record that is not the one that was meant.
Check = Callable[[TaskRecord], None]


def edit_task(
    connection: Connection,
    name_or_id: str,
    *,
    name: str | None,
    tags: Sequence[str] | None,
    check: Check | None,
) -> TaskRecord:
    """Change a task's name or tags; what is None stays. See `Tasks.edit`."""
    old = from_row(find_task(connection, name_or_id))
    if check is not None:
        check(old)
    edited = dataclasses.replace(
        old,
        name=old.name if name is None else name,
        tags=old.tags if tags is None else tuple(dict.fromkeys(tags)),
    )
    if edited == old:
        return old
    check_name(edited.name, new=edited.name != old.name)
    columns = schema.tasks.c
    taken = select(columns.id).where(columns.name == edited.name, columns.id != old.id)
    if connection.scalar(taken) is not None:
        raise NameTakenError(
            f"There is a task named '{edited.name}' already", remedy="Choose another name."
        )
    tags_text = dump(edited.tags, what=f"The record of task '{edited.name}'")
    connection.execute(
        update(schema.tasks).where(columns.id == old.id).values(name=edited.name, tags=tags_text)
    )
    # Copies of it in memory hold its name and its tags, too.
    append_change(connection, old.id, kind=ChangeKind.REPLACED)
    return edited


def remove_task(
    connection: Connection, name_or_id: str, *, cascade: bool, check: Check | None
) -> TaskRecord:
    """Remove a task; with ``cascade``, what hangs on it, too. See `Tasks.remove`."""
    record = from_row(find_task(connection, name_or_id))
    if check is not None:
        check(record)
    experts = schema.models.c.task == record.id
    outcomes = or_(
        schema.outcomes.c.task == record.id,
        schema.outcomes.c.model.in_(select(schema.models.c.id).where(experts)),
    )
    hanging = [
        connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
        for table, condition in ((schema.models, experts), (schema.outcomes, outcomes))
    ]
    if any(hanging) and not cascade:
        raise StateError(
            f"Task '{record.name}' cannot be removed alone",
            expected="no models or outcomes that hang on it",
            got=f"models: {hanging[0]}, outcomes: {hanging[1]}",
            remedy="Remove all together with `cascade` (`--cascade` on the command line).",
        )
    connection.execute(delete(schema.outcomes).where(outcomes))
    connection.execute(delete(schema.models).where(experts))
    remove_parts(connection, record.id)
    connection.execute(delete(schema.tasks).where(schema.tasks.c.id == record.id))
    append_change(connection, record.id, kind=ChangeKind.REMOVED)
    return record


def page_of_tasks(
    connection: Connection,
    *,
    limit: int,
    after: str | None,
    probe: str | None,
    tag: str | None,
    name: str | None = None,
) -> list[TaskRecord]:
    """Return up to ``limit`` tasks by name, from the name behind ``after`` on."""
    columns = schema.tasks.c
    query = select(schema.tasks).order_by(columns.name).limit(limit)
    if after is not None:
        query = query.where(columns.name > after)
    if name is not None:
        query = query.where(columns.name == name)
    if probe is not None:
        query = query.where(columns.probe_name == probe)
    if tag is not None:
        # Tags are JSON in one column, where no other text can look like a quoted tag.
        query = query.where(func.instr(columns.tags, json.dumps(tag)) > 0)
    return [from_row(row) for row in connection.execute(query)]
