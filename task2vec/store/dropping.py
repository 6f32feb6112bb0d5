"""Removing damaged rows, with the rows that hang on them, where there is no backup."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Table, literal_column, select

from task2vec.errors import StoreCorruptError
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import Damage, any_text, damages
from task2vec.store.sql.schema_service import metadata
from task2vec.store.tables.models import from_row as model_of
from task2vec.store.tables.outcomes import from_row as outcome_of
from task2vec.store.tasks import task_rows
from task2vec.store.tasks.task_parts import TABLES
from task2vec.store.tasks.updates import ChangeKind, append_change

#: By table, the names of rows: a part has that of its task. Of other rows, their numbers.
Removed = Mapping[str, list[str]]

#: The tables of what is stored beside a task's record.
PARTS = tuple(table.name for table in TABLES)
#: The tables whose rows have a name.
NAMED = ("tasks", "models", "datasets", "keys", "bundles", *PARTS)
_OF_TASK = "coalesce((SELECT name FROM tasks WHERE id = task), task)"
# Without one of these records nothing else can be read.
_RECORDS: tuple[tuple[Table, Callable[[Row[Any]], object]], ...] = (
    (schema.tasks, task_rows.from_row),
    (schema.models, model_of),
    (schema.outcomes, outcome_of),
)


def all_damages(connection: Connection) -> list[Damage]:
    """Return what is damaged; where nothing is, the records that still cannot be read.

    A row that was damaged before it had a checksum got one that fits.
    """
    return list(damages(connection)) or list(_unreadable(connection))


def drop_damaged(connection: Connection, *, before: Callable[[], None]) -> Removed:
    """Remove damaged rows until nothing is damaged; return what went, empty for a sound store.

    What belongs to a removed row goes too: the parts, experts and outcomes of a task, the outcomes
    of a model. ``before`` is called once something is known to go.

    Raises:
        StoreCorruptError: for damage that is not of rows; nothing is removed then.
    """
    damaged = all_damages(connection)
    _check_of_rows(damaged)
    if not damaged:
        return {}
    before()
    rows, tasks = _rows(connection), _tasks(connection)
    # What hangs on a removed row goes in the next round, as a row without the one it belongs to.
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    while damaged:
        for each in damaged:
            text = f"DELETE FROM {each.table} WHERE rowid = ?"
            connection.exec_driver_sql(text, (each.rowid,))
        damaged = all_damages(connection)
        _check_of_rows(damaged)
    for task in sorted(tasks - _tasks(connection)):
        append_change(connection, task, kind=ChangeKind.REMOVED)
    left = _rows(connection)
    gone = {
        table: [name for rowid, name in known.items() if rowid not in left[table]]
        for table, known in rows.items()
    }
    return {table: sorted(names) for table, names in gone.items() if names}


def _check_of_rows(damaged: list[Damage]) -> None:
    beyond = [each for each in damaged if each.rowid is None]
    if beyond:
        raise StoreCorruptError(
            "More of the database is damaged than single rows; nothing was removed",
            expected="sound pages and indices, and the schema of this version",
            got=" ".join(filter(None, (beyond[0].table, beyond[0].found))),
            remedy="Restore the database from a backup, and see whether the disk is sound.",
        )


def _unreadable(connection: Connection) -> Iterator[Damage]:
    for table, record_of in _RECORDS:
        for row in connection.execute(select(table, literal_column("rowid").label("place"))):
            try:
                record_of(row)
            except StoreCorruptError as error:
                yield Damage(table.name, row.id, error.got or error.problem, row.place)


def _rows(connection: Connection) -> dict[str, dict[int, str]]:
    """Return, by table, the names of the rows by their places."""
    found = {}
    with any_text(connection):
        for table in metadata.tables:
            name = _OF_TASK if table in PARTS else "name" if table in NAMED else "rowid"
            query = connection.exec_driver_sql(f"SELECT rowid, {name} FROM {table}")
            found[table] = {rowid: f"{name}" for rowid, name in query}
    return found


def _tasks(connection: Connection) -> set[str]:
    """Return the ids of the tasks, as they say themselves and as their vectors do."""
    text = "SELECT id FROM tasks UNION SELECT task FROM vectors"
    with any_text(connection):
        return {id_ for (id_,) in connection.exec_driver_sql(text) if isinstance(id_, str)}
