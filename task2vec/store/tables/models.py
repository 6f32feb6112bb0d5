"""The zoo: starting models."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from task2vec.errors import NameTakenError, SettingError, StateError
from task2vec.messages.models import Model
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import as_stored, check_name, new_id, now, unknown
from task2vec.store.sql.text import load, record_of
from task2vec.store.tasks.task_rows import find_task
from task2vec.types.near_names import asked_back

#: Raises `ChangedError` for a record that is not the one that was meant.
Check = Callable[[Model], None]

_UNIQUE = ("name", "ref", "id")


class Models:
    """The starting models of a store. Every method but `add_within` is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: Model) -> Model:
        """Add a model; return its record as stored, once it is on disk.

        An empty ``id`` or ``created`` is filled in; ``task`` may be a name and is stored as an id.

        Raises:
            NameTakenError: when the name, the ref, or the id belongs to another model.
            UnknownNameError: when there is no such task.
            SettingError: for an unusable name, or no ref.
        """
        with self._database.write() as connection:
            return self.add_within(connection, record)

    def add_within(self, connection: Connection, record: Model) -> Model:
        """Add a model, as `add` does, as part of the write transaction of ``connection``."""
        check_name(record.name)
        if not record.ref:
            raise SettingError(f"Model '{record.name}' has no ref to load it from")
        row = {
            **record.model_dump(),
            "id": record.id or new_id("mdl"),
            "created": as_stored(record.created) if record.created else now(),
            "task": None if record.task is None else find_task(connection, record.task).id,
        }
        stored = Model.model_validate(row)
        _check_free(connection, stored)
        row["lineage"] = json.dumps(stored.lineage)
        connection.execute(insert(schema.models).values(row))
        return stored

    def get(self, name_or_id: str) -> Model:
        """Return the model of this name, id or ref.

        Raises:
            UnknownNameError: suggests names that are close.
        """
        with self._database.read() as connection:
            return from_row(find_model(connection, name_or_id))

    def edit(
        self,
        name_or_id: str,
        *,
        name: str | None = None,
        licence: str | None = None,
        check: Check | None = None,
    ) -> Model:
        """Change a model's name or licence and return its new record; what is None stays.

        ``check`` is called with the record before the change, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            NameTakenError: when the name belongs to another model.
            SettingError: for an unusable name.
        """
        with self._database.write() as connection:
            record = from_row(find_model(connection, name_or_id))
            if check is not None:
                check(record)
            edited = record.model_copy(
                update={
                    "name": record.name if name is None else name,
                    "licence": record.licence if licence is None else licence,
                }
            )
            if edited == record:
                return record
            check_name(edited.name, new=edited.name != record.name)
            if edited.name != record.name:
                _check_free(connection, edited, columns=("name",))
            own = schema.models.c.id == record.id
            connection.execute(
                update(schema.models).where(own).values(name=edited.name, licence=edited.licence)
            )
        return edited

    def remove(
        self, name_or_id: str, *, cascade: bool = False, check: Check | None = None
    ) -> Model:
        """Remove a model and return its last record; with ``cascade`` its outcomes too.

        ``check`` is called with the record first, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            StateError: when, without ``cascade``, outcomes hang on it.
        """
        with self._database.write() as connection:
            record = from_row(find_model(connection, name_or_id))
            if check is not None:
                check(record)
            own = schema.outcomes.c.model == record.id
            outcomes = connection.scalar(
                select(func.count()).select_from(schema.outcomes).where(own)
            )
            if outcomes and not cascade:
                raise StateError(
                    f"Model '{record.name}' cannot be removed alone",
                    expected="no outcomes that hang on it",
                    got=f"outcomes: {outcomes}",
                    remedy="Remove them together with `cascade` (`--cascade` on the command line).",
                )
            connection.execute(delete(schema.outcomes).where(own))
            connection.execute(delete(schema.models).where(schema.models.c.id == record.id))
        return record

    def list(self) -> list[Model]:
        """Return all models, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.models).order_by(schema.models.c.name))
            return [from_row(row) for row in rows]


def find_model(connection: Connection, name_or_id: str) -> Row[Any]:
    """Return the row of the model with this name, id or ref; a name wins over a ref.

    Raises:
        UnknownNameError: suggests names that are close.
    """
    columns = schema.models.c
    query = select(schema.models).where(
        or_(*(column == name_or_id for column in (columns.name, columns.id, columns.ref)))
    )
    rows = sorted(connection.execute(query), key=lambda row: bool(row.name != name_or_id))
    if not rows:
        experts = select(columns.name).join(schema.tasks, columns.task == schema.tasks.c.id)
        of_task = connection.scalars(experts.where(schema.tasks.c.name == name_or_id)).all()
        # People name the task when they mean what was fine-tuned on it.
        near = asked_back(of_task, kind="expert")
        names = connection.scalars(select(columns.name))
        raise unknown("model", asked=name_or_id, names=names, near=near)
    return rows[0]


def _check_free(
    connection: Connection, record: Model, *, columns: tuple[str, ...] = _UNIQUE
) -> None:
    for column in columns:
        what = f"The {column}"
        value = getattr(record, column)
        owner = connection.scalar(
            select(schema.models.c.name).where(schema.models.c[column] == value)
        )
        if owner is not None:
            raise NameTakenError(
                f"{what} '{value}' belongs to model '{owner}' already",
                remedy="Choose another, or remove that model first.",
            )


def from_row(row: Row[Any]) -> Model:
    """Return the model that the row is of.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"The record of model '{row.name}'"
    columns = checked(row, schema.models, what=what)
    columns["lineage"] = load(row.lineage, what=what)
    return record_of(Model, columns, what=what)
