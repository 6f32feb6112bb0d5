"""Names beside the points of a chart, and the lines to what lies away from its point."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.plots.axes import Room
from task2vec.plots.figure import Sheet, pixels
from task2vec.plots.placement import Request, place
from task2vec.plots.style import LEADER

Spot = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A name for the point at ``spot``: best above it, left (-1) or right (1), or anywhere (0)."""

    name: str
    spot: Spot
    side: int = 0


def draw_labels(
    sheet: Sheet,
    labels: Sequence[Label],
    marked: Iterable[Spot],
    *,
    radius: float,
    room: Room,
    size: float,
) -> None:
    """Write the names beside their points, or away and joined by a line, none over another.

    ``marked`` are the centres of all marks, of ``radius`` pixels. What finds no place is left out.
    The names have the gid ``"label"``.
    """
    texts = [
        sheet.write(0, 0, label.name, size=size, ha="center", va="center", gid="label")
        for label in labels
    ]
    requests = []
    for label, text in zip(labels, texts, strict=True):
        width, height = sheet.size(text)
        home = (label.side * (width / 2 + radius + pixels(2)), height / 2 + radius)
        requests.append(
            Request(
                *label.spot, width + pixels(2), height, radius, home=home if label.side else None
            )
        )
    placements = place(
        [[request] for request in requests],
        marks=mark_boxes((spot, radius) for spot in marked),
        area=room,
        rings=10,
    )
    for label, text, placement in zip(labels, texts, placements, strict=True):
        if placement is None:
            text.remove()
            continue
        text.set_position((placement.x, placement.y))
        if placement.apart:
            draw_leader(sheet, label.spot, [(placement.x, placement.y, *sheet.size(text))])


def draw_leader(
    sheet: Sheet, spot: Spot, boxes: Sequence[tuple[float, float, float, float]]
) -> None:
    """Join a point to the nearest of some boxes (centre x, y, width, height)."""
    corners = np.array(boxes)
    ends = np.clip(spot, corners[:, :2] - corners[:, 2:] / 2, corners[:, :2] + corners[:, 2:] / 2)
    x, y = min(ends.tolist(), key=lambda end: (end[0] - spot[0]) ** 2 + (end[1] - spot[1]) ** 2)
    sheet.line([spot, (x, y)], colour=LEADER, width=0.8)


def mark_boxes(marks: Iterable[tuple[Spot, float]]) -> NDArray[np.float64]:
    """Return the boxes (k, 4) of marks by their centres and radii."""
    boxes = [(x - r, y - r, x + r, y + r) for (x, y), r in marks]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
