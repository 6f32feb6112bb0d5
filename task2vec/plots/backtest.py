"""What rankers gain over the default, and whether stated intervals hold what they state."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from task2vec.errors import InputError
from task2vec.messages.backtests import Coverage, RankerScore
from task2vec.plots.axes import Room, draw_across, draw_upwards, linear, round_ticks
from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.style import LEADER, PALETTE, GroupStyle
from task2vec.plots.text import shortened

_WIDTH = 2200
_ROW = pixels(24)
_LEAST_HEIGHT = 900
_NAMES = pixels(130)
#: Of a mark.
_RADIUS = pixels(4.6)
_OURS, _OTHER = GroupStyle(PALETTE[0], "o"), GroupStyle(PALETTE[6], "s")


@dataclass(frozen=True)
class Gain:
    """A gain over the default with its interval, as fractions; ``stressed`` ones stand out."""

    name: str
    value: float
    interval: tuple[float, float]
    stressed: bool = False


def compose_backtest(
    rankers: Sequence[RankerScore], coverage: Sequence[Coverage], *, title: str | None = None
) -> Figure:
    """Return the picture; the names on it have the gid ``"label"``.

    Gains are shown in points of accuracy. Ours is the ranker that is above no other, itself. Raises
    `InputError` for no rankers, and numbers that are not finite.
    """
    numbers = [n for r in rankers for n in (r.gain, *r.ci.gain)]
    numbers += [n for c in coverage for n in (c.level, c.observed, *c.ci)]
    if not rankers or not np.isfinite(numbers).all():
        raise InputError(
            "There is no backtest to draw",
            expected="the gain of at least one ranker",
            got=f"{len(rankers)} rankers",
            remedy="Record outcomes first: `task2vec outcomes add MODEL TASK --accuracy A`.",
        )
    height = max(_LEAST_HEIGHT, round(_ROW * (len(rankers) + 4)))
    sheet = Sheet(width=_WIDTH, height=height)
    top, bottom = sheet.below_heading(title), pixels(56)
    side = min(top - bottom, 0.33 * _WIDTH) if coverage else 0.0
    right = sheet.width - MARGIN - (side + pixels(70) if coverage else 0)
    rows = [Gain(r.name, r.gain, r.ci.gain, stressed=r.ours_minus is None) for r in rankers]
    draw_gains(sheet, rows, room=(MARGIN + _NAMES, bottom, right, top))
    if coverage:
        edge = sheet.width - MARGIN
        _draw_coverage(sheet, coverage, room=(edge - side, bottom, edge, bottom + side))
    sheet.remark("Lines: 95 % intervals over families of tasks.")
    return sheet.figure


def draw_gains(sheet: Sheet, rows: Sequence[Gain], *, room: Room) -> None:
    """Draw a row for each gain over the default, in points of accuracy: a mark on its interval."""
    left, bottom, right, top = room
    ends = [(100 * row.interval[0], 100 * row.interval[1]) for row in rows]
    low = min(0.0, *(low for low, _ in ends))
    high = max(0.0, *(high for _, high in ends))
    if high - low < 1e-9:
        low, high = -1.0, 1.0
    x_of = linear((low, high), left + MARGIN, right - MARGIN)
    ticks = [(x_of(tick), f"{tick:g}") for tick in round_ticks((low, high))]
    draw_across(sheet, room, ticks, name="gain over the default, points of accuracy")
    sheet.line([(x_of(0.0), bottom), (x_of(0.0), top)], colour=LEADER, width=0.8)
    for i, (row, (start, end)) in enumerate(zip(rows, ends, strict=True)):
        y = top - (top - bottom) * (i + 0.5) / len(rows)
        style = _OURS if row.stressed else _OTHER
        sheet.write(
            left - pixels(8), y, shortened(row.name, 24),
            size=9.0, ha="right", va="center", gid="label",
            fontweight="bold" if row.stressed else "normal",
        )  # fmt: skip
        sheet.line([(x_of(start), y), (x_of(end), y)], colour=style.colour, width=1.6)
        sheet.mark(x_of(100 * row.value), y, style, radius=_RADIUS)


def _draw_coverage(sheet: Sheet, coverage: Sequence[Coverage], *, room: Room) -> None:
    left, bottom, right, top = room
    lowest = min(0.5, *(c.ci[0] for c in coverage))
    # In steps of a tenth, so that its axis ends at a number.
    span = float(np.floor(10 * max(0.0, lowest)) / 10), 1.0
    x_of, y_of = linear(span, left, right), linear(span, bottom, top)
    texts = [(tick, f"{100 * tick:.0f} %") for tick in round_ticks(span)]
    across = [(x_of(tick), text) for tick, text in texts]
    draw_across(sheet, room, across, name="stated share of gains in the interval")
    upwards = [(y_of(tick), text) for tick, text in texts]
    draw_upwards(sheet, room, upwards, name="observed share", name_at=left - pixels(40))
    sheet.line([(left, bottom), (right, top)], colour=LEADER, width=0.8)
    for each in coverage:
        x = x_of(each.level)
        sheet.line([(x, y_of(end)) for end in each.ci], colour=_OURS.colour, width=1.6)
        sheet.mark(x, y_of(each.observed), _OURS, radius=_RADIUS)
