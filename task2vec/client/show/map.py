"""The map of the task space: points, and in a notebook a picture in SVG without matplotlib."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from task2vec.client.show.sheet import Sheet
from task2vec.messages.catalogue import TaskMap

if TYPE_CHECKING:
    from task2vec.messages.catalogue import MapPoint
    from task2vec.plots.placement import Placement

_WIDTH, _HEIGHT, _EDGE = 640, 480, 40
_RADIUS = 5.0
_SIZE = 11
#: Width of a character in units of the size: no usual font without serifs is wider on average.
_WIDE, _NARROW = 1.0, 0.62
_LINE = 1.3 * _SIZE
_LONGEST = 24
#: How many steps away from its point a name may lie, joined by a line.
_RINGS = 8
_MOST_NAMED = 60
_LEGEND, _ROW, _MOST_GROUPS = 200, 18, 24
_UNGROUPED = "#8c8c8c"

Position = tuple[float, float]


def of_map(answer: TaskMap) -> Sheet:
    """Return the map as a table of points."""
    return Sheet(
        f"Map by {answer.method}, stress {answer.stress:.2f}",
        ("task", "x", "y", "group", "classes"),
        [(point.name, point.x, point.y, point.group, point.classes) for point in answer.points],
    )


def html_of_map(answer: TaskMap) -> str:
    """Return the map as a picture, and what is to be said about it.

    No name covers another or a point: one that finds no room is shown under the mouse, as all are.
    """
    positions = _positions(answer)
    colours = _colours(answer.points)
    width = _WIDTH + (_LEGEND if colours else 0)
    marks = [
        _mark(point, position, colours.get(point.group or "", _UNGROUPED))
        for point, position in zip(answer.points, positions, strict=True)
    ]
    parts = [*_names(answer.points, positions), *marks, *_legend(answer.points, colours)]
    caption = f"{len(answer.points)} tasks by {answer.method}, stress {answer.stress:.2f}"
    notes = "".join(f"<p>{escape(warning)}</p>" for warning in answer.warnings)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" '
        f'font-family="sans-serif" font-size="{_SIZE}">'
        f"<title>{escape(caption)}</title>{''.join(parts)}</svg><p>{escape(caption)}</p>{notes}"
    )


def _positions(answer: TaskMap) -> list[Position]:
    """Return where each point is drawn, y pointing down."""
    xs, ys = [p.x for p in answer.points], [p.y for p in answer.points]
    scale = min(
        (_WIDTH - 2 * _EDGE) / ((max(xs, default=0) - min(xs, default=0)) or 1),
        (_HEIGHT - 2 * _EDGE) / ((max(ys, default=0) - min(ys, default=0)) or 1),
    )
    # Up is up, as in a plot.
    return [
        (_EDGE + (p.x - min(xs)) * scale, _HEIGHT - _EDGE - (p.y - min(ys)) * scale)
        for p in answer.points
    ]


def _colours(points: "Sequence[MapPoint]") -> Mapping[str, str]:
    """Return a colour for each group, the same whatever the order of the tasks."""
    from task2vec.plots.style import in_order

    groups = sorted({point.group for point in points if point.group}, key=in_order)
    return {group: f"hsl({360 * i // len(groups)} 60% 45%)" for i, group in enumerate(groups)}


def _mark(point: "MapPoint", position: Position, colour: str) -> str:
    about = f"{point.name}: {point.classes} classes" + (f", {point.group}" if point.group else "")
    x, y = position
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS:g}" fill="{colour}">'
        f"<title>{escape(about)}</title></circle>"
    )


def _names(points: "Sequence[MapPoint]", positions: Sequence[Position]) -> list[str]:
    """Return the names that find room, each with a line to its point where it lies apart."""
    if not points:
        return []
    import numpy as np

    from task2vec.plots.placement import Request, place, spread_order

    # The placement's y points up.
    upwards = np.array([(x, _HEIGHT - y) for x, y in positions])
    named = spread_order(upwards)[:_MOST_NAMED]
    texts = [_shortened(points[i].name) for i in named]
    items = [
        [Request(x, y, width=_text_width(text), height=_LINE, radius=_RADIUS)]
        for (x, y), text in zip(upwards[named].tolist(), texts, strict=True)
    ]
    marks = np.concatenate([upwards - _RADIUS, upwards + _RADIUS], axis=1)
    placed = place(items, marks=marks, area=(0.0, 0.0, _WIDTH, _HEIGHT), rings=_RINGS)
    return [
        _name(text, place_, positions[i], width=_text_width(text))
        for i, text, place_ in zip(named, texts, placed, strict=True)
        if place_ is not None
    ]


def _name(text: str, placement: "Placement", point: Position, *, width: float) -> str:
    x, y = placement.x, _HEIGHT - placement.y
    # The width is a bound: at the side of its point, a text begins or ends there.
    side = (x - width / 2 >= point[0]) - (x + width / 2 <= point[0])
    anchor = {1: "start", 0: "middle", -1: "end"}[side]
    drawn = (
        f'<text x="{x - side * width / 2:.1f}" y="{y + 0.35 * _SIZE:.1f}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )
    if not placement.apart:
        return drawn
    end_x = min(max(point[0], x - width / 2), x + width / 2)
    end_y = min(max(point[1], y - _LINE / 2), y + _LINE / 2)
    return (
        f'<line x1="{point[0]:.1f}" y1="{point[1]:.1f}" x2="{end_x:.1f}" y2="{end_y:.1f}" '
        f'stroke="#b0b0b0" stroke-width="0.8"></line>{drawn}'
    )


def _legend(points: "Sequence[MapPoint]", colours: Mapping[str, str]) -> list[str]:
    """Return the groups with their colours, at the right; of too many the largest."""
    if not colours:
        return []
    counts = Counter(point.group for point in points if point.group)
    largest = {group for group, _ in counts.most_common(_MOST_GROUPS)}
    rows = [(group, colour) for group, colour in colours.items() if group in largest]
    if len(colours) > len(largest):
        rows.append((f"and {len(colours) - len(largest)} more", ""))
    if not all(point.group for point in points):
        rows.append(("no tag", _UNGROUPED))
    drawn = []
    for number, (group, colour) in enumerate(rows):
        y = _ROW * (number + 0.5) + 4
        if colour:
            drawn.append(f'<circle cx="{_WIDTH + 10}" cy="{y:.1f}" r="4" fill="{colour}"></circle>')
        drawn.append(
            f'<text x="{_WIDTH + 20}" y="{y + 0.35 * _SIZE:.1f}">{escape(_shortened(group))}'
            f"<title>{escape(group)}</title></text>"
        )
    return drawn


def _text_width(text: str) -> float:
    """Return a bound of how wide a text is drawn, in pixels."""
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return _SIZE * (_WIDE * wide + _NARROW * (len(text) - wide)) + 2


def _shortened(text: str) -> str:
    """Return a text in one short line: names of one family differ at the end, so that is kept."""
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    tail = _LONGEST // 3
    return f"{line[: _LONGEST - 1 - tail].rstrip()}…{line[-tail:].lstrip()}"
