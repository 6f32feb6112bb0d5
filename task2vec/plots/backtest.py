"""What rankers gain over the default, and whether stated intervals hold what they state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from task2vec.errors import InputError
from task2vec.plots.figure import PictureFormat, Sheet, picture_format, pixels, save
from task2vec.plots.style import FAINT_INK, INK, LEADER, PALETTE, GroupStyle
from task2vec.plots.text import shortened

_WIDTH = 2200
_MARGIN = pixels(18)
_ROW = pixels(24)
_LEAST_HEIGHT = 900
_NAMES = pixels(130)
#: Of a mark.
_RADIUS = pixels(4.6)
_OURS, _OTHER = GroupStyle(PALETTE[0], "o"), GroupStyle(PALETTE[6], "s")


@dataclass(frozen=True)
class Bar:
    """A value with the two ends of its interval; gains in points of accuracy, shares in [0, 1]."""

    name: str
    value: float
    low: float
    high: float
    ours: bool = False


@dataclass(frozen=True)
class Calibration:
    """The share that intervals of a ``stated`` level held, with the ends of its interval."""

    stated: float
    observed: float
    low: float
    high: float


def draw_backtest(
    gains: Sequence[Bar],
    calibration: Sequence[Calibration],
    target: Path | BinaryIO,
    *,
    title: str | None = None,
    kind: PictureFormat | None = None,
) -> None:
    """Write the picture to a .png, .svg or .pdf file, or to a binary stream, as PNG unless told.

    Raises `InputError` for no gains, numbers that are not finite, an unknown suffix and a path that
    cannot be written.
    """
    kind = kind or picture_format(target)
    save(compose_backtest(gains, calibration, title=title), target, kind=kind)


def compose_backtest(
    gains: Sequence[Bar], calibration: Sequence[Calibration], *, title: str | None = None
) -> Figure:
    """Return the figure that `draw_backtest` writes; the names on it have the gid ``"label"``."""
    numbers = [n for b in gains for n in (b.value, b.low, b.high)]
    numbers += [n for c in calibration for n in (c.stated, c.observed, c.low, c.high)]
    if not gains or not np.isfinite(numbers).all():
        raise InputError(
            "There is no backtest to draw",
            expected="the gain of at least one ranker",
            got=f"{len(gains)} rankers",
            remedy="Record outcomes first: `task2vec outcomes add MODEL TASK --accuracy A`.",
        )
    height = max(_LEAST_HEIGHT, round(_ROW * (len(gains) + 4)))
    sheet = Sheet(width=_WIDTH, height=height)
    top, bottom = sheet.height - _MARGIN, pixels(56)
    if title:
        text = sheet.write(
            _MARGIN, top, shortened(title, 70), size=12.0, va="top", fontweight="bold"
        )
        top -= sheet.size(text)[1] + pixels(12)
    side = min(top - bottom, 0.33 * _WIDTH) if calibration else 0.0
    right = sheet.width - _MARGIN - (side + pixels(70) if calibration else 0)
    _draw_gains(sheet, gains, room=(_MARGIN + _NAMES, bottom, right, top))
    if calibration:
        edge = sheet.width - _MARGIN
        _draw_calibration(sheet, calibration, room=(edge - side, bottom, edge, bottom + side))
    sheet.write(
        _MARGIN, pixels(14), "Lines: 95 % intervals over families of tasks.",
        size=8.0, color=FAINT_INK, va="center",
    )  # fmt: skip
    return sheet.figure


def _draw_gains(
    sheet: Sheet, gains: Sequence[Bar], *, room: tuple[float, float, float, float]
) -> None:
    left, bottom, right, top = room
    low = min(0.0, *(bar.low for bar in gains))
    high = max(0.0, *(bar.high for bar in gains))
    if high - low < 1e-9:
        low, high = -1.0, 1.0
    x_of = _scale((low, high), left + _MARGIN, right - _MARGIN)
    sheet.line([(left, bottom), (right, bottom)], colour=INK, width=0.8)
    for tick in _ticks(low, high):
        x = x_of(tick)
        sheet.line([(x, bottom), (x, bottom - pixels(4))], colour=INK, width=0.8)
        sheet.write(x, bottom - pixels(6), f"{tick:g}", size=8.0, ha="center", va="top")
    sheet.line([(x_of(0.0), bottom), (x_of(0.0), top)], colour=LEADER, width=0.8)
    sheet.write(
        (left + right) / 2, bottom - pixels(20), "gain over the default, points of accuracy",
        size=9.0, ha="center", va="top",
    )  # fmt: skip
    for i, bar in enumerate(gains):
        y = top - (top - bottom) * (i + 0.5) / len(gains)
        style = _OURS if bar.ours else _OTHER
        sheet.write(
            left - pixels(8), y, shortened(bar.name, 24),
            size=9.0, ha="right", va="center", gid="label",
            fontweight="bold" if bar.ours else "normal",
        )  # fmt: skip
        sheet.line([(x_of(bar.low), y), (x_of(bar.high), y)], colour=style.colour, width=1.6)
        sheet.mark(x_of(bar.value), y, style, radius=_RADIUS)


def _draw_calibration(
    sheet: Sheet, found: Sequence[Calibration], *, room: tuple[float, float, float, float]
) -> None:
    left, bottom, right, top = room
    lowest = min(0.5, *(c.low for c in found))
    # In steps of a tenth, so that its axis ends at a number.
    low = np.floor(10 * max(0.0, lowest)) / 10
    x_of, y_of = _scale((low, 1.0), left, right), _scale((low, 1.0), bottom, top)
    for ends in ([(left, bottom), (right, bottom)], [(left, bottom), (left, top)]):
        sheet.line(ends, colour=INK, width=0.8)
    for tick in _ticks(float(low), 1.0):
        x, y, text = x_of(tick), y_of(tick), f"{100 * tick:.0f} %"
        sheet.line([(x, bottom), (x, bottom - pixels(4))], colour=INK, width=0.8)
        sheet.write(x, bottom - pixels(6), text, size=8.0, ha="center", va="top")
        sheet.line([(left, y), (left - pixels(4), y)], colour=INK, width=0.8)
        sheet.write(left - pixels(6), y, text, size=8.0, ha="right", va="center")
    sheet.line([(left, bottom), (right, top)], colour=LEADER, width=0.8)
    sheet.write(
        (left + right) / 2, bottom - pixels(20), "stated share of gains in the interval",
        size=9.0, ha="center", va="top",
    )  # fmt: skip
    sheet.write(
        left - pixels(40), (bottom + top) / 2, "observed share",
        size=9.0, ha="center", va="center", rotation=90,
    )  # fmt: skip
    for each in found:
        x = x_of(each.stated)
        ends = [(x, y_of(each.low)), (x, y_of(each.high))]
        sheet.line(ends, colour=_OURS.colour, width=1.6)
        sheet.mark(x, y_of(each.observed), _OURS, radius=_RADIUS)


def _ticks(low: float, high: float) -> list[float]:
    found = MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(tick) for tick in found if low - slack <= tick <= high + slack]


def _scale(span: tuple[float, float], start: float, end: float) -> Callable[[float], float]:
    low, high = span
    return lambda value: start + (value - low) * (end - start) / (high - low)
