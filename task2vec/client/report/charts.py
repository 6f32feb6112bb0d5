"""Rows of numbers about zero as SVG: intervals (a forest plot) and bars."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from task2vec.types.names import visible

_ROW, _AXIS = 26, 34
#: Of a character, in the units of the picture; ticks are so far apart at least.
_CHARACTER, _APART = 7.9, 42


@dataclass(frozen=True)
class Row:
    """A name, a value, its interval if it has one, and the words at the end of the row."""

    label: str
    value: float
    text: str
    ends: tuple[float, float] | None = None
    strong: bool = False


@dataclass(frozen=True)
class Columns:
    """The widths of a chart: its names, its values as text, and all of it."""

    labels: int = 216
    values: int = 142
    width: int = 720

    @property
    def drawn(self) -> int:
        """What is left for the axis."""
        return self.width - self.labels - self.values


FULL, HALF = Columns(), Columns(labels=240, values=46, width=400)


def chart(rows: Sequence[Row], *, title: str, unit: str, columns: Columns = FULL) -> str:
    """Return an SVG of the rows over a common axis, on which zero is marked.

    A row with ``ends`` is a point with its interval, one without is a bar from zero.
    """
    axis = _Axis(*_range(rows), columns)
    bottom = _ROW * len(rows) + 4
    parts = [_tick(axis.place(tick), tick, bottom=bottom) for tick in axis.ticks()]
    parts.append(f'<text class="unit" x="{columns.width}" y="{bottom + 16}">{escape(unit)}</text>')
    for number, row in enumerate(rows):
        parts += _row(row, axis, middle=_ROW * number + _ROW / 2 + 2)
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {columns.width} {_ROW * len(rows) + _AXIS}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    columns: Columns

    def place(self, value: float) -> float:
        """Return where a value lies, in the units of the picture."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.columns.labels + share * self.columns.drawn, 1)

    def ticks(self) -> list[float]:
        """Return round numbers within the range, zero among them."""
        most, span = self.columns.drawn // _APART, self.high - self.low
        step = 10.0 ** math.floor(math.log10(span / most))
        step *= next(m for m in (1, 2, 5, 10) if span / (step * m) <= most)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(number * step, 10) for number in range(first, last + 1)]


def _tick(x: float, value: float, *, bottom: int) -> str:
    kind, label = ("grid", f"{value:+g}") if value else ("zero", "0")
    return (
        f'<line class="{kind}" x1="{x}" x2="{x}" y1="2" y2="{bottom}"/>'
        f'<text class="tick" x="{x}" y="{bottom + 16}">{label}</text>'
    )


def _row(row: Row, axis: _Axis, *, middle: float) -> Iterator[str]:
    kind = "strong" if row.strong else "plain"
    name, base = escape(visible(row.label)), middle + 4.5
    yield (
        f'<text class="label {kind}" x="{axis.columns.labels - 12}" y="{base}">'
        f"<title>{name}</title>{escape(_cut(row.label, width=axis.columns.labels))}</text>"
    )
    value, zero = axis.place(row.value), axis.place(0)
    if row.ends is None:
        left, width = min(value, zero), max(abs(value - zero), 1)
        yield (
            f'<rect class="bar {kind}" x="{left:.1f}" y="{middle - 6}" width="{width:.1f}" '
            'height="12"/>'
        )
    else:
        low, high = map(axis.place, row.ends)
        yield f'<line class="whisker {kind}" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>'
        yield (
            f'<rect class="point {kind}" x="{value - 5:.1f}" y="{middle - 5}" width="10" '
            'height="10"/>'
        )
    yield (
        f'<text class="value {kind}" x="{axis.columns.width}" y="{base}">{escape(row.text)}</text>'
    )


def _range(rows: Sequence[Row]) -> tuple[float, float]:
    values = [0.0, *(end for row in rows for end in (row.ends or (row.value, row.value)))]
    low, high = min(values), max(values)
    room = 0.04 * ((high - low) or 1.0)
    return low - room, high + room


def _cut(text: str, *, width: int) -> str:
    """Return a text that fits, without its middle where it does not: names differ at their ends."""
    shown, longest = visible(text), int(width / _CHARACTER)
    if len(shown) <= longest:
        return shown
    tail = longest // 2
    return f"{shown[: longest - tail - 1]}…{shown[-tail:]}"
