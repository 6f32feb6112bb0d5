"""A checksum in every row: what is read is what was written, or it is refused.

Vectors have had a SHA-256 from the start, see `task2vec.store.tasks.vectors`, and no checksum
besides.

The database keeps it by triggers, so that no write can forget it; every read of a row compares it.
A migration that adds a table gives it a column ``checksum``; `seal` does the rest.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, Table
from sqlalchemy.exc import DatabaseError

from task2vec.errors import StoreCorruptError
from task2vec.store.sql.schema import CHECKSUM
from task2vec.store.sql.schema_service import metadata
from task2vec.store.sql.schema_text import Schema, differences, made_by_migrations

#: What SQL calls `checksum`. A program that lacks it cannot change a row.
FUNCTION = "row_checksum"
#: What to do about a damaged row.
RESTORE = (
    "Restore the database from a backup. Without one, remove what is damaged with `task2vec doctor "
    "--drop-damaged --store FOLDER`, with the server stopped."
)
#: The same, behind what else may be done.
OR_RESTORE = f"or {RESTORE[0].lower()}{RESTORE[1:]}"

TABLES = tuple(table for table in metadata.sorted_tables if CHECKSUM in table.columns)

Value = str | bytes | int | float | None


@dataclass(frozen=True)
class Damage:
    """A row, or what belongs to all rows of a ``table``, that is not as it was written.

    ``rowid`` is the row's place in the table; None for what is not one row.
    """

    table: str
    key: str
    found: str
    rowid: int | None = None


def checksum(*values: Value) -> int:
    """Return 64 bits of the BLAKE2b of values, in their order and with their types."""
    # Most are text, and ten thousand rows are read at once.
    parts = [
        value if type(value) is str and value[:1] != "\0" else _as_text(value) for value in values
    ]
    text = "\x1f".join((*parts, str([len(part) for part in parts])))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)


def _as_text(value: Value) -> str:
    """Return a text that begins with NUL, another one for each value that is no ordinary text."""
    if isinstance(value, str):
        return f"\0t{value}"
    if isinstance(value, bytes):
        return f"\0b{blake2b(value, digest_size=16).hexdigest()}"
    if isinstance(value, bool):
        value = int(value)
    return f"\0{value!r}"


def checked(row: Row[Any], table: Table, *, what: str, remedy: str = RESTORE) -> dict[str, Any]:
    """Return the columns of a row, which holds all of a table, once its checksum is compared.

    Raises:
        StoreCorruptError: says that ``what`` is damaged; names the ``remedy``.
    """
    values = _values_of(table)(row)
    if checksum(*values) != row.checksum:
        raise StoreCorruptError(
            f"{what} is damaged in the store",
            expected=f"the row of `{table.name}` that was written",
            got="another: its checksum differs",
            remedy=remedy,
        )
    return dict(zip(sealed(table), values, strict=True))


@cache
def sealed(table: Table) -> tuple[str, ...]:
    """Return the columns of a table that its checksum covers: all others."""
    return tuple(column.name for column in table.columns if column.name != CHECKSUM)


def seal(connection: Connection) -> None:
    """Give tables their triggers, and the rows of those whose triggers changed their checksums.

    For the end of a migration, on the connection that writes.
    """
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    known = {row.name: row.sql for row in connection.exec_driver_sql(query)}
    for table in TABLES:
        wanted = _triggers(table)
        if all(known.get(name) == text for name, text in wanted.items()):
            continue
        for name, text in wanted.items():
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
            connection.exec_driver_sql(text)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {_assigned(table, '')}")


def damages(connection: Connection) -> Iterator[Damage]:
    """Yield what is damaged: pages and indices first, the schema, then rows, table by table."""
    try:
        for (found,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if found != "ok":
                yield Damage("", "", found)
        for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            found = f"belongs to a row of {parent} that is not there"
            yield Damage(table, f"row {row}", found, row)
        for table, found in differences(connection, _expected_schema()):
            yield Damage(table, "", found)
    except DatabaseError as error:
        yield Damage("", "", str(error.orig))
    for each in TABLES:
        yield from _damaged_rows(connection, each)


@cache
def _expected_schema() -> Schema:
    return made_by_migrations(_make_triggers)


def _make_triggers(connection: Connection) -> None:
    for table in TABLES:
        for text in _triggers(table).values():
            connection.exec_driver_sql(text)


def _damaged_rows(connection: Connection, table: Table) -> Iterator[Damage]:
    names = sealed(table)
    text = f"SELECT {', '.join(map(_quoted, names))}, {CHECKSUM}, rowid FROM {table.name}"
    try:
        with any_text(connection):
            rows = [
                row for row in connection.exec_driver_sql(text) if checksum(*row[:-2]) != row[-2]
            ]
        for row in rows:
            key = ", ".join(f"{row._mapping[column.name]}" for column in table.primary_key)
            yield Damage(table.name, key, "its checksum differs", row[-1])
    except DatabaseError as error:
        yield Damage(table.name, "", str(error.orig))


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Read text that is no UTF-8 as bytes, where otherwise the whole query would fail."""
    raw = connection.connection.driver_connection
    assert raw is not None
    usual = raw.text_factory
    raw.text_factory = _text_or_bytes
    try:
        yield
    finally:
        raw.text_factory = usual


def _text_or_bytes(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


@cache
def _values_of(table: Table) -> Callable[[Row[Any]], tuple[Any, ...]]:
    return attrgetter(*sealed(table))


@cache
def _triggers(table: Table) -> dict[str, str]:
    """Return the statements that make a table's triggers, by name."""
    own = f"UPDATE {table.name} SET {_assigned(table, 'NEW.')} WHERE rowid = NEW.rowid"
    return {
        f"{CHECKSUM}_{table.name}_{event}": (
            f"CREATE TRIGGER {CHECKSUM}_{table.name}_{event} AFTER {when} ON {table.name} "
            f"BEGIN {own}; END"
        )
        for event, when in (
            ("insert", "INSERT"),
            ("update", f"UPDATE OF {', '.join(map(_quoted, sealed(table)))}"),
        )
    }


def _assigned(table: Table, row: str) -> str:
    return f"{CHECKSUM} = {FUNCTION}({', '.join(row + _quoted(name) for name in sealed(table))})"


def _quoted(name: str) -> str:
    return f'"{name}"'
