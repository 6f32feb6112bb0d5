"""A table with its sentences: what commands, notebooks and terminals draw alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from task2vec.client.show.values import text_of
from task2vec.types.html import html_table


@dataclass(frozen=True)
class Sheet:
    """A table with a title above and sentences below, before it is HTML or text.

    Where a terminal is too narrow, ``spare`` columns are left out, the last one first. Then the
    cells of ``cut`` columns lose their middle, as long as different ones stay different. Then cells
    are wrapped, except those of the columns that stay ``whole``: people copy them.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()
    whole: Sequence[str] = ()
    spare: Sequence[str] = ()
    cut: Sequence[str] = ()


def facts(title: str, values: Mapping[str, Any], notes: Sequence[str] = ()) -> Sheet:
    """Return the facts of one thing, a name and a value in each row."""
    return Sheet(title, ("", ""), list(values.items()), notes)


def html_of(sheet: Sheet) -> str:
    """Return HTML."""
    rows = [list(map(text_of, row)) for row in sheet.rows]
    return html_table(sheet.title, rows, columns=sheet.columns, notes=sheet.notes)
