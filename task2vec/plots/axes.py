"""The axes of a chart: a line with ticks, their numbers, and what the numbers are."""

from collections.abc import Callable, Iterable

from matplotlib.ticker import MaxNLocator

from task2vec.plots.figure import Sheet, pixels
from task2vec.plots.style import INK

#: Left, bottom, right and top in pixels.
Room = tuple[float, float, float, float]
Scale = Callable[[float], float]


def linear(span: tuple[float, float], start: float, end: float) -> Scale:
    """Return the map from ``span`` to the pixels from ``start`` to ``end``."""
    low, high = span
    scale = (end - start) / (high - low) if high > low else 0.0
    return lambda value: start + (value - low) * scale


def round_ticks(span: tuple[float, float], *, most: int = 6) -> list[float]:
    """Return some ``most`` round numbers within ``span``."""
    low, high = span
    ticks = MaxNLocator(nbins=most, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(tick) for tick in ticks if low - slack <= tick <= high + slack]


def draw_across(sheet: Sheet, room: Room, ticks: Iterable[tuple[float, str]], *, name: str) -> None:
    """Draw the axis along the bottom, with a text at each x of ``ticks``."""
    left, bottom, right, _ = room
    sheet.line([(left, bottom), (right, bottom)], colour=INK, width=0.8)
    for x, text in ticks:
        sheet.line([(x, bottom), (x, bottom - pixels(4))], colour=INK, width=0.8)
        sheet.write(x, bottom - pixels(6), text, size=8.0, ha="center", va="top")
    sheet.write((left + right) / 2, bottom - pixels(20), name, size=9.0, ha="center", va="top")


def draw_upwards(
    sheet: Sheet, room: Room, ticks: Iterable[tuple[float, str]], *, name: str, name_at: float
) -> None:
    """Draw the axis along the left, with a text at each y of ``ticks`` and a name at an x."""
    left, bottom, _, top = room
    sheet.line([(left, bottom), (left, top)], colour=INK, width=0.8)
    for y, text in ticks:
        sheet.line([(left, y), (left - pixels(4), y)], colour=INK, width=0.8)
        sheet.write(left - pixels(6), y, text, size=8.0, ha="right", va="center")
    middle = (bottom + top) / 2
    sheet.write(name_at, middle, name, size=9.0, ha="center", va="center", rotation=90)
