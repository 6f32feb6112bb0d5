"""The bundles of a store, whose tasks and outcomes came with them and go with them."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select

from task2vec.errors import NameTakenError
from task2vec.messages.bundles import Bundle
from task2vec.messages.models import Model
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import as_stored, now, unknown
from task2vec.store.sql.text import dump, load, record_of
from task2vec.store.tables.models import from_row as model_of
from task2vec.store.tasks.task_parts import remove_parts
from task2vec.store.tasks.updates import ChangeKind, append_change


@dataclass(frozen=True)
class Hanging:
    """What hangs on the tasks of a bundle and did not come with it."""

    models: Sequence[Model] = ()
    outcomes: int = 0


class Bundles:
    """The bundles of a store. Methods that end in ``_within`` are a part of a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Bundle]:
        """Return all bundles, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(schema.bundles).order_by(schema.bundles.c.name))
            return [_from_row(row) for row in rows]

    def find_within(
        self, connection: Connection, *, name: str | None = None, sha256: str | None = None
    ) -> Bundle | None:
        """Return the bundle of this name, or of these contents; None where there is none."""
        columns = schema.bundles.c
        query = select(schema.bundles).where(
            columns.sha256 == sha256 if name is None else columns.name == name
        )
        row = connection.execute(query).one_or_none()
        return None if row is None else _from_row(row)

    def get_within(self, connection: Connection, name: str) -> Bundle:
        """Return the bundle of this name; raises `UnknownNameError` with close names."""
        found = self.find_within(connection, name=name)
        if found is None:
            names = connection.scalars(select(schema.bundles.c.name))
            raise unknown("bundle", asked=name, names=names)
        return found

    def add_within(self, connection: Connection, bundle: Bundle) -> Bundle:
        """Add the record of a bundle, imported now; raises `NameTakenError`."""
        if self.find_within(connection, name=bundle.name) is not None:
            raise NameTakenError(f"There is a bundle named '{bundle.name}' already")
        stored = bundle.model_copy(update={"created": as_stored(bundle.created), "imported": now()})
        row = stored.model_dump(exclude={"shipped"})
        row["licences"] = dump(stored.licences, what="The licences of a bundle")
        connection.execute(insert(schema.bundles).values(row))
        return Bundle.model_validate({**dict(stored)})

    def hanging_within(self, connection: Connection, name: str) -> Hanging:
        """Return what hangs on a bundle's tasks and is none of its own."""
        tasks = _tasks_of(name)
        models = connection.execute(select(schema.models).where(schema.models.c.task.in_(tasks)))
        records = [model_of(row) for row in models]
        columns = schema.outcomes.c
        outcomes = connection.execute(
            select(columns.id).where(
                or_(columns.task.in_(tasks), columns.model.in_(_experts_of(name))),
                columns.bundle.is_distinct_from(name),
            )
        )
        return Hanging(records, len(outcomes.all()))

    def remove_within(self, connection: Connection, name: str) -> None:
        """Remove a bundle with its tasks, their experts, and all outcomes of either."""
        tasks = _tasks_of(name)
        columns = schema.outcomes.c
        connection.execute(
            delete(schema.outcomes).where(
                or_(columns.task.in_(tasks), columns.model.in_(_experts_of(name)))
            )
        )
        connection.execute(delete(schema.models).where(schema.models.c.task.in_(tasks)))
        ids: builtins.list[str] = builtins.list(connection.scalars(tasks))
        for id_ in ids:
            remove_parts(connection, id_)
        connection.execute(delete(schema.tasks).where(schema.tasks.c.bundle == name))
        for id_ in ids:
            append_change(connection, id_, kind=ChangeKind.REMOVED)
        connection.execute(delete(schema.bundles).where(schema.bundles.c.name == name))


def _tasks_of(name: str) -> Any:
    return select(schema.tasks.c.id).where(schema.tasks.c.bundle == name)


def _experts_of(name: str) -> Any:
    return select(schema.models.c.id).where(schema.models.c.task.in_(_tasks_of(name)))


def _from_row(row: Row[Any]) -> Bundle:
    what = f"The record of bundle '{row.name}'"
    columns = checked(row, schema.bundles, what=what)
    columns["licences"] = load(row.licences, what=what)
    return record_of(Bundle, columns, what=what)
