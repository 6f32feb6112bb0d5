"""The trade-off curve: the loss of a task against the information in the weights."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from matplotlib.figure import Figure

from task2vec.errors import InputError
from task2vec.messages.information import CurvePoint
from task2vec.plots.axes import Room, Scale, draw_across, draw_upwards, linear, round_ticks
from task2vec.plots.figure import PictureFormat, Sheet, picture_format, pixels, save
from task2vec.plots.placement import Request, place
from task2vec.plots.style import FAINT_INK, LEADER, PALETTE, GroupStyle
from task2vec.plots.text import shortened

_MARGIN = pixels(18)
_WIDTH, _HEIGHT = 1800, 1200
_POINT = GroupStyle(PALETTE[0], "o")
_UNFINISHED = GroupStyle(PALETTE[3], "X")
_RADIUS = pixels(4.6)


def draw_curve(
    points: Sequence[CurvePoint],
    target: Path | BinaryIO,
    *,
    title: str | None = None,
    loss_of_guessing: float | None = None,
    nats_of_place: float | None = None,
    kind: PictureFormat | None = None,
) -> None:
    """Write the curve to a .png, .svg or .pdf file, or to a binary stream, as PNG unless told else.

    Bars are twice the standard error of the loss. ``loss_of_guessing`` is drawn as a line across,
    ``nats_of_place``, which no noise changes, as one upwards. Raises `InputError` for no points,
    numbers that are not finite, an unknown suffix and a path that cannot be written.
    """
    kind = kind or picture_format(target)
    figure = compose_curve(
        points, title=title, loss_of_guessing=loss_of_guessing, nats_of_place=nats_of_place
    )
    save(figure, target, kind=kind)


def compose_curve(
    points: Sequence[CurvePoint],
    *,
    title: str | None = None,
    loss_of_guessing: float | None = None,
    nats_of_place: float | None = None,
) -> Figure:
    """Return the figure that `draw_curve` writes; each point's beta has the gid ``"label"``."""
    numbers = [(p.beta, p.loss, p.loss_error, p.nats) for p in points]
    if not points or not np.isfinite(numbers).all():
        raise InputError(
            "There is no curve to draw",
            expected="at least one point of finite numbers",
            got=f"{len(points)} points",
        )
    ordered = sorted(points, key=lambda point: point.beta)
    sheet = Sheet(width=_WIDTH, height=_HEIGHT)
    top, bottom, left = sheet.height - _MARGIN, pixels(64), pixels(58)
    if title:
        text = sheet.write(
            _MARGIN, top, shortened(title, 90), size=13.0, va="top", fontweight="bold"
        )
        top -= sheet.size(text)[1] + pixels(12)
    room = (left, bottom, sheet.width - _MARGIN, top)

    x_from = min(p.nats for p in ordered) if nats_of_place is None else nats_of_place
    x_of = _across(sheet, (x_from, max(p.nats for p in ordered)), room=room)
    highest = max(p.loss + 2 * p.loss_error for p in ordered)
    losses = (0.0, max(highest, loss_of_guessing or 0.0))
    y_of = linear(losses, bottom, top - _MARGIN)
    loss_ticks = [(y_of(tick), f"{tick:g}") for tick in round_ticks(losses)]
    draw_upwards(sheet, room, loss_ticks, name="expected loss, nats per image", name_at=_MARGIN)
    if loss_of_guessing is not None:
        y = y_of(loss_of_guessing)
        sheet.line([(left, y), (room[2], y)], colour=LEADER, width=0.8)
        sheet.write(
            room[2], y + pixels(3), "guessing", size=8.0, color=FAINT_INK, ha="right", va="bottom"
        )
    if nats_of_place is not None:
        x = x_of(nats_of_place)
        sheet.line([(x, bottom), (x, top)], colour=LEADER, width=0.8)
    _draw_points(sheet, ordered, x_of=x_of, y_of=y_of, room=room)

    remarks = ["Bars: twice the standard error of the loss."]
    if nats_of_place is not None:
        remarks.append("The upright line: what the weights' place costs, whatever the noise.")
    if not all(p.converged for p in ordered):
        remarks.append("A cross has not converged.")
    sheet.write(_MARGIN, pixels(16), " ".join(remarks), size=8.0, color=FAINT_INK, va="center")
    return sheet.figure


def _draw_points(
    sheet: Sheet,
    points: Sequence[CurvePoint],
    *,
    x_of: Scale,
    y_of: Scale,
    room: Room,
) -> None:
    spots = [(x_of(p.nats), y_of(p.loss)) for p in points]
    if len(spots) > 1:
        sheet.line(spots, colour=PALETTE[0], width=1.2)
    texts = [
        sheet.write(0, 0, f"β = {p.beta:g}", size=8.0, ha="center", va="center", gid="label")
        for p in points
    ]
    requests = []
    for (x, y), text in zip(spots, texts, strict=True):
        width, height = sheet.size(text)
        # Up and to the right, where no falling curve goes.
        home = (width / 2 + _RADIUS + pixels(2), height / 2 + _RADIUS)
        requests.append([Request(x=x, y=y, width=width, height=height, radius=_RADIUS, home=home)])
    marks = [(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in spots]
    placements = place(requests, marks=np.array(marks), area=room, rings=6)
    for point, (x, y), text, placement in zip(points, spots, texts, placements, strict=True):
        low, high = (y_of(point.loss + side * 2 * point.loss_error) for side in (-1, 1))
        sheet.line([(x, max(low, room[1])), (x, high)], colour=PALETTE[0], width=1.2)
        sheet.mark(x, y, _POINT if point.converged else _UNFINISHED, radius=_RADIUS)
        if placement is None:
            text.remove()
        else:
            text.set_position((placement.x, placement.y))


def _across(sheet: Sheet, span: tuple[float, float], *, room: Room) -> Scale:
    """Draw the axis of the nats; return where a number of nats lies, in pixels."""
    x_of, ticks = linear(span, room[0] + _MARGIN, room[2] - _MARGIN), round_ticks(span)
    most = max(map(abs, ticks), default=0.0)
    units = (("million ", 1e6), ("thousand ", 1e3))
    unit, power = next(((u, p) for u, p in units if most >= p), ("", 1.0))
    name = f"information in the weights, {unit}nats"
    draw_across(sheet, room, [(x_of(tick), f"{tick / power:g}") for tick in ticks], name=name)
    return x_of
