"""The trade-off curve: the loss of a task against the information in the weights."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from task2vec.errors import InputError
from task2vec.messages.information import CurvePoint
from task2vec.plots.axes import Room, Scale, draw_across, draw_upwards, linear, round_ticks
from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.labels import Label, draw_labels
from task2vec.plots.style import FAINT_INK, LEADER, PALETTE, GroupStyle

_WIDTH, _HEIGHT = 1800, 1200
_POINT = GroupStyle(PALETTE[0], "o")
_UNFINISHED = GroupStyle(PALETTE[3], "X")
_RADIUS = pixels(4.6)


def compose_curve(
    points: Sequence[CurvePoint],
    *,
    title: str | None = None,
    loss_of_guessing: float | None = None,
    nats_of_place: float | None = None,
) -> Figure:
    """Return the picture; each point's beta has the gid ``"label"``.

    Bars are twice the standard error of the loss. ``loss_of_guessing`` is drawn as a line across,
    ``nats_of_place``, which no noise changes, as one upwards. Raises `InputError` for no points and
    numbers that are not finite.
    """
    numbers = [(p.beta, p.loss, p.loss_error, p.nats) for p in points]
    if not points or not np.isfinite(numbers).all():
        raise InputError(
            "There is no curve to draw",
            expected="at least one point of finite numbers",
            got=f"{len(points)} points",
        )
    ordered = sorted(points, key=lambda point: point.beta)
    sheet = Sheet(width=_WIDTH, height=_HEIGHT)
    top, bottom, left = sheet.below_heading(title), pixels(64), pixels(58)
    room = (left, bottom, sheet.width - MARGIN, top)

    x_from = min(p.nats for p in ordered) if nats_of_place is None else nats_of_place
    x_of = _across(sheet, (x_from, max(p.nats for p in ordered)), room=room)
    highest = max(p.loss + 2 * p.loss_error for p in ordered)
    losses = (0.0, max(highest, loss_of_guessing or 0.0))
    y_of = linear(losses, bottom, top - MARGIN)
    loss_ticks = [(y_of(tick), f"{tick:g}") for tick in round_ticks(losses)]
    draw_upwards(sheet, room, loss_ticks, name="expected loss, nats per image", name_at=MARGIN)
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
    sheet.remark(" ".join(remarks))
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
    for point, (x, y) in zip(points, spots, strict=True):
        low, high = (y_of(point.loss + side * 2 * point.loss_error) for side in (-1, 1))
        sheet.line([(x, max(low, room[1])), (x, high)], colour=PALETTE[0], width=1.2)
        sheet.mark(x, y, _POINT if point.converged else _UNFINISHED, radius=_RADIUS)
    # Up and to the right goes no falling curve.
    labels = [Label(f"β = {p.beta:g}", s, side=1) for p, s in zip(points, spots, strict=True)]
    draw_labels(sheet, labels, spots, radius=_RADIUS, room=room, size=8.0)


def _across(sheet: Sheet, span: tuple[float, float], *, room: Room) -> Scale:
    """Draw the axis of the nats; return where a number of nats lies, in pixels."""
    x_of, ticks = linear(span, room[0] + MARGIN, room[2] - MARGIN), round_ticks(span)
    most = max(map(abs, ticks), default=0.0)
    units = (("million ", 1e6), ("thousand ", 1e3))
    unit, power = next(((u, p) for u, p in units if most >= p), ("", 1.0))
    name = f"information in the weights, {unit}nats"
    draw_across(sheet, room, [(x_of(tick), f"{tick / power:g}") for tick in ticks], name=name)
    return x_of
