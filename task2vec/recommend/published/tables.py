"""Reads the packaged tables: every row must be what the table promises."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isfinite

from task2vec.errors import InputError

#: Of the tables' numbers: another version, other answers.
VERSION = "2026.11"


@dataclass(frozen=True)
class Row:
    """A row of a table: its texts by column, and where it is."""

    table: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell that must say something; raises `InputError` where it does not."""
        cell = self.cells[column]
        if not cell or cell != cell.strip():
            raise self.damaged(column, "a text without spaces around it")
        return cell

    def text_if_any(self, column: str) -> str | None:
        """Return a cell's text, or None for an empty cell; raises as `text`."""
        return self.text(column) if self.cells[column] else None

    def number(self, column: str, *, above: float, most: float) -> float:
        """Return a number in ``(above, most]``; raises `InputError` for anything else."""
        found = self.number_if_any(column, above=above, most=most)
        if found is None:
            raise self.damaged(column, f"a number above {above:g}, {most:g} at most")
        return found

    def number_if_any(self, column: str, *, above: float, most: float) -> float | None:
        """Return a number in ``(above, most]``, or None for an empty cell; raises as `number`."""
        cell = self.cells[column]
        if not cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            value = float("nan")
        if not (isfinite(value) and above < value <= most):
            raise self.damaged(column, f"a number above {above:g}, {most:g} at most, or nothing")
        return value

    def damaged(self, column: str, expected: str) -> InputError:
        """Return the error for a cell that is not what it should be."""
        return InputError(
            f"Line {self.line} of {self.table} is damaged at {column}",
            expected=expected,
            got=repr(self.cells[column]),
            remedy="Install task2vec again.",
        )


def packaged(table: str) -> str:
    """Return the text of a table that is shipped beside this module."""
    return files(__package__).joinpath(table).read_text(encoding="utf-8")


def read_rows(text: str, *, table: str, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV text whose first line holds exactly ``columns``.

    Raises `InputError`, naming the line, where a row has more or fewer cells.
    """
    lines = csv.reader(text.splitlines())
    header = next(lines, [])
    if header != list(columns):
        raise InputError(
            f"{table} has other columns",
            expected=", ".join(columns),
            got=", ".join(header) or "nothing",
            remedy="Install task2vec again.",
        )
    rows = []
    for line, cells in enumerate(lines, start=2):
        if len(cells) != len(columns):
            raise InputError(
                f"Line {line} of {table} is damaged",
                expected=f"{len(columns)} cells",
                got=str(len(cells)),
                remedy="Install task2vec again.",
            )
        rows.append(Row(table, line, dict(zip(columns, cells, strict=True))))
    return rows


@dataclass(frozen=True)
class PublishedSource:
    """Where the figures of a collection come from: a repository at a revision, and its licence."""

    collection: str
    about: str
    source: str
    revision: str
    licence: str


@cache
def published_sources() -> Mapping[str, PublishedSource]:
    """Return the sources of all figures, by collection."""
    return read_sources(packaged("sources.csv"))


def read_sources(text: str) -> Mapping[str, PublishedSource]:
    """Return the sources in the text of a table; raises `InputError` for a damaged one."""
    columns = ("collection", "about", "source", "revision", "licence")
    found: dict[str, PublishedSource] = {}
    for row in read_rows(text, table="sources.csv", columns=columns):
        source = PublishedSource(**{column: row.text(column) for column in columns})
        if source.collection in found:
            raise row.damaged("collection", "one row a collection")
        found[source.collection] = source
    return found
