"""The text of a database's schema, compared with that of a new one.

SQLite keeps the schema as text, which no checksum of a row covers.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection

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


#: The words of the statement that made each part; none for what SQLite makes itself.
Schema = dict[Part, tuple[str, ...]]


def differences(connection: Connection, expected: Schema) -> Iterator[tuple[str, str]]:
    """Yield the table and the kind of difference for each part that is not as ``expected``."""
    found = schema_of(connection)
    for part, tokens in expected.items():
        if part not in found:
            yield part.table, f"its {part.type} {part.name} is missing from the schema"
        elif found[part] != tokens:
            yield part.table, f"the definition of its {part.type} {part.name} differs"
    for part in found.keys() - expected.keys():
        yield part.table, f"its {part.type} {part.name} does not belong to the schema"


def schema_of(connection: Connection) -> Schema:
    """Return the schema of a database."""
    # As bytes: text that is no UTF-8 any more would end the query.
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in ("type", "name", "tbl_name", "sql"))
    rows = connection.exec_driver_sql(f"SELECT {columns} FROM sqlite_master")
    texts = ([_text(value) for value in row] for row in rows)
    return {
        Part(type_, name, table): _definition(type_, sql)
        for type_, name, table, sql in texts
        if not name.startswith(_STATISTICS)
    }


def _text(value: bytes | None) -> str:
    return (value or b"").decode(errors="backslashreplace")


def _definition(type_: str, sql: str) -> tuple[str, ...]:
    tokens = [match[1] or match[0] for match in _TOKEN.finditer(sql)]
    if type_ != "table":
        return tuple(tokens)
    # An upgrade adds columns at the end: the order of columns and constraints means nothing.
    items, depth = [""], 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if (token, depth) in (("(", 1), (",", 1), (")", 0)):
            items.append(token)
        else:
            items[-1] += f" {token}"
    return tuple(sorted(items))
