"""Accuracy against cost: all models, and those that no other beats."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10

import numpy as np
from matplotlib.figure import Figure

from task2vec.errors import InputError
from task2vec.plots.axes import Room, Scale, draw_across, draw_upwards, linear, round_ticks
from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.labels import Label, draw_labels
from task2vec.plots.placement import spread_order
from task2vec.plots.style import PALETTE, GroupStyle
from task2vec.plots.text import shortened

_WIDTH, _HEIGHT = 2200, 1400
_BEST, _BEATEN = GroupStyle(PALETTE[0], "o"), GroupStyle("#C4C4C4", "o")
_DEFAULT = GroupStyle(PALETTE[3], "D")
_RADIUS, _SMALL = pixels(4.0), pixels(2.2)
#: More names than this cover what they name.
_MOST_NAMED = 24
_AXES = {
    "parameters": ("parameters, million", 1e6),
    "operations": ("multiply-adds for one image, billion", 1e9),
    "input_size": ("pixels per side", 1.0),
}


@dataclass(frozen=True)
class Traded:
    """A model's ``accuracy``, a fraction, and ``cost``, above 0.

    ``best`` are models that no other beats; ``default`` is the one that others are compared with.
    """

    name: str
    accuracy: float
    cost: float
    best: bool = False
    default: bool = False


def compose_trade(
    models: Sequence[Traded], *, figure: str = "imagenet", cost: str = "parameters"
) -> Figure:
    """Return the picture; ``figure`` and ``cost`` are named at the axes.

    The models' names have the gid ``"label"``. Raises `InputError` for no models, and for numbers
    that no axis has.
    """
    usable = all(isfinite(m.accuracy) and isfinite(m.cost) and m.cost > 0 for m in models)
    if not models or not usable:
        raise InputError(
            "There is no trade to draw",
            expected="at least one model with an accuracy and a cost above 0",
            got=f"{len(models)} models",
        )
    sheet = Sheet(width=_WIDTH, height=_HEIGHT)
    room = (pixels(58), pixels(64), sheet.width - MARGIN, sheet.height - MARGIN)
    x_of = _across(sheet, [m.cost for m in models], cost=cost, room=room)
    y_of = _upwards(sheet, [100 * m.accuracy for m in models], figure=figure, room=room)
    spots = {m: (x_of(m.cost), y_of(100 * m.accuracy)) for m in models}
    for model in models:
        if not model.best and not model.default:
            sheet.mark(*spots[model], _BEATEN, radius=_SMALL)
    best = sorted((m for m in models if m.best), key=lambda m: (m.cost, m.accuracy))
    _draw_steps(sheet, [spots[m] for m in best], end=room[2])
    for model in best:
        sheet.mark(*spots[model], _BEST, radius=_RADIUS)
    for model in models:
        if model.default:
            sheet.mark(*spots[model], _DEFAULT, radius=_RADIUS, above=True)
    named = _named(best, spots) + [m for m in models if m.default and not m.best]
    # Up and to the left of the steps is no model.
    labels = [Label(shortened(m.name, 42), spots[m], side=-1 if m.best else 0) for m in named]
    marked = [spots[m] for m in models if m.best or m.default]
    draw_labels(sheet, labels, marked, radius=_RADIUS, room=room, size=7.5)
    remarks = f"Blue: no other of {len(models)} models is as accurate at no higher cost."
    if any(m.default for m in models):
        remarks += " Diamond: the plain default."
    sheet.remark(remarks)
    return sheet.figure


def _draw_steps(sheet: Sheet, spots: Sequence[tuple[float, float]], *, end: float) -> None:
    """Draw how accurate a model of at most some cost can be: the staircase over the best."""
    steps: list[tuple[float, float]] = []
    for x, y in spots:
        # Of several costs, one that is beaten in this one may be among the best.
        if steps and y <= steps[-1][1]:
            continue
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    if steps:
        sheet.line([*steps, (end, steps[-1][1])], colour=PALETTE[0], width=1.2)


def _named(best: Sequence[Traded], spots: dict[Traded, tuple[float, float]]) -> list[Traded]:
    if len(best) <= _MOST_NAMED:
        return list(best)
    order = spread_order(np.array([spots[model] for model in best]))
    return [best[i] for i in order[:_MOST_NAMED]]


def _across(sheet: Sheet, costs: Sequence[float], *, cost: str, room: Room) -> Scale:
    """Draw the axis of costs, a logarithmic one; return where a cost lies, in pixels."""
    name, unit = _AXES[cost]
    # Room on both sides, so that one cost alone has a scale, too.
    low, high = log10(min(costs)) - 0.05, log10(max(costs)) + 0.15
    of_log = linear((low, high), room[0], room[2])
    powers = range(int(np.floor(low)) - 1, int(np.ceil(high)) + 1)
    ticks = [m * 10.0**power for power in powers for m in (1, 2, 5)]
    shown = [(of_log(log10(t)), f"{t / unit:,g}") for t in ticks if low <= log10(t) <= high]
    draw_across(sheet, room, shown, name=name)
    return lambda value: of_log(log10(value))


def _upwards(sheet: Sheet, percents: Sequence[float], *, figure: str, room: Room) -> Scale:
    """Draw the axis of accuracies, from the least to the largest; return where one lies."""
    span = min(percents) - 1, max(percents) + 1
    y_of = linear(span, room[1], room[3])
    ticks = [(y_of(tick), f"{tick:g} %") for tick in round_ticks(span, most=8)]
    name = f"published top-1 accuracy ({figure})"
    draw_upwards(sheet, room, ticks, name=name, name_at=MARGIN)
    return y_of
