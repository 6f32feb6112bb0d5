"""The text of a database's schema, compared with the one that the migrations make.

SQLite keeps the schema as text, which no checksum of a row covers.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, create_engine

from task2vec.store.sql.migrations import upgrade

# Blanks and the quotes around names differ with the versions of SQLite and SQLAlchemy that wrote
# the text. Everything else has a meaning.
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(\w+)"|\w+|[^\w \t\n\f\r]""")
# Statistics that an administrator's `ANALYZE` leaves; nothing depends on them.
_STATISTICS = "sqlite_stat"


class Part(NamedTuple):
    """A table, an index or a trigger."""

    type: str
    name: str
    table: str


#: The tokens of the statement that made each part; none for what SQLite makes itself.
Schema = dict[Part, tuple[str, ...]]


def made_by_migrations(finish: Callable[[Connection], None]) -> Schema:
    """Return the schema of a new database after all migrations and ``finish``."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection)
            finish(connection)
            return _schema(connection)
    finally:
        engine.dispose()


def differences(connection: Connection, expected: Schema) -> Iterator[tuple[str, str]]:
    """Yield the table and the kind of difference for each part that is not as ``expected``."""
    found = _schema(connection)
    for part, tokens in expected.items():
        if part not in found:
            yield part.table, f"its {part.type} {part.name} is missing from the schema"
        elif found[part] != tokens:
            yield part.table, f"the definition of its {part.type} {part.name} differs"
    for part in found.keys() - expected.keys():
        yield part.table, f"its {part.type} {part.name} does not belong to the schema"


def _schema(connection: Connection) -> Schema:
    # As bytes: text that is no UTF-8 any more would end the query.
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in ("type", "name", "tbl_name", "sql"))
    rows = connection.exec_driver_sql(f"SELECT {columns} FROM sqlite_master")
    texts = ([_text(value) for value in row] for row in rows)
    return {
        Part(type_, name, table): tuple(_tokens(sql))
        for type_, name, table, sql in texts
        if not name.startswith(_STATISTICS)
    }


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="backslashreplace")


def _tokens(sql: str) -> Iterator[str]:
    for match in _TOKEN.finditer(sql):
        yield match[1] or match[0]
