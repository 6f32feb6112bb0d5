"""A table with its sentences: what commands, notebooks and terminals draw alike."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from task2vec.types.html import html_table
from task2vec.types.names import visible


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


def text_of(value: Any) -> str:
    """Return a value as a text: grouped digits, three decimals, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    return visible(str(value))


def number(value: float | None, digits: int = 3) -> str:
    """Return a number; a dash where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """Return a fraction in per cent."""
    return "-" if value is None else f"{100 * value:.1f} %"


def interval(value: tuple[float, float] | None) -> str:
    """Return an interval of fractions in per cent."""
    return "-" if value is None else f"{100 * value[0]:.1f} to {100 * value[1]:.1f} %"


def points(gain: float | None) -> str:
    """Return a gain in points of accuracy, with its sign."""
    return "-" if gain is None else f"{100 * gain:+z.1f}"


def points_between(ends: tuple[float, float]) -> str:
    """Return an interval of gains in points of accuracy."""
    return f"{points(ends[0])} to {points(ends[1])}"


def not_negative(distance: float | None) -> float | None:
    """Return a distance, 0 where noise made it negative."""
    return distance if distance is None else max(0.0, distance)


def nats(value: float | None, error: float | None) -> str:
    """Return an information distance, with its standard error where one is known.

    One that noise made negative is 0. It may be far below, so what was measured stands behind.
    """
    if value is None or not math.isfinite(value):
        return "-"
    noise = "" if error is None or not math.isfinite(error) else f" ± {error:,.0f}"
    return f"{value:,.0f}{noise}" if value >= 0 else f"0 (measured {value:,.0f}{noise})"
