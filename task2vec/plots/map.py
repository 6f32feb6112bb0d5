"""The map of the task space: a mark or thumbnail for each task, near tasks near each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, LogNorm, to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from task2vec.errors import InputError
from task2vec.messages.catalogue import MapMethod
from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.legend import draw_class_bar, draw_groups, draw_length
from task2vec.plots.marks import MOST_LABELLED, Mark, draw_errors, draw_marks
from task2vec.plots.style import FAINT_INK, PALETTE, UNGROUPED, GroupStyle, group_styles
from task2vec.plots.text import shortened

Array = NDArray[np.float64]

_LONGEST_NAME = 28
_METHOD_NAMES = {
    MapMethod.MDS: "metric MDS",
    MapMethod.TSNE: "t-SNE",
    MapMethod.UMAP: "UMAP",
}


@dataclass(frozen=True)
class MapPoint:
    """A task on the map: position ``x``, ``y`` in units of distance, as `lay_out` gives them.

    ``group`` is a tag such as "letters", ``classes`` the number of classes, ``thumbnail`` the
    bytes of a PNG or JPEG, ``standard_error`` the task's, drawn as a circle of that radius.
    """

    name: str
    x: float
    y: float
    classes: int
    group: str | None = None
    thumbnail: bytes | None = None
    standard_error: float | None = None


def compose_map(
    points: Sequence[MapPoint],
    *,
    title: str | None = None,
    thumbnails: bool = False,
    method: MapMethod | None = None,
    stress: float | None = None,
) -> Figure:
    """Return the picture; the names on it have the gid ``"label"``.

    Colour and shape tell the group; without groups, colour tells the number of classes. ``method``
    and ``stress`` are those of the layout, for the caption. A thumbnail that cannot be read is
    drawn as a mark. Raises `InputError` for no points and positions that are not finite.
    """
    if not points:
        raise InputError(
            "There is nothing to draw",
            expected="at least one task",
            got="none",
            remedy="Embed some tasks first: `task2vec embed SOURCE`.",
        )
    if not np.isfinite([(p.x, p.y) for p in points]).all():
        raise InputError("A map needs finite positions", got="a position that is not a number")
    sheet = _sheet(len(points))
    top, bottom = sheet.below_heading(title), MARGIN + pixels(32)
    styles, right = _explain(sheet, points, top=top, bottom=bottom)
    room = (MARGIN, bottom, right, top)
    errors = _errors(points, method=method)
    # Circles that are not drawn need no room.
    radii = 0 * errors if thumbnails or len(points) > MOST_LABELLED else errors
    padding = pixels(40 if thumbnails else 30)
    centres, scale = _to_pixels(points, radii, room=room, padding=padding)
    marks = [
        Mark(
            x=float(x),
            y=float(y),
            name=shortened(point.name, _LONGEST_NAME),
            style=style,
            error=0.0 if scale == np.inf else float(error) * scale,
            thumbnail=point.thumbnail if thumbnails else None,
        )
        for point, style, (x, y), error in zip(points, styles, centres, errors, strict=True)
    ]
    circles = draw_errors(sheet, marks)
    named = draw_marks(sheet, marks, room=room)

    if method is MapMethod.MDS and scale < np.inf:
        draw_length(sheet, scale=scale, right=sheet.width - MARGIN, bottom=MARGIN)
    remarks = []
    if method in (MapMethod.TSNE, MapMethod.UMAP):
        remarks.append("It keeps neighbours together; long distances mean little.")
    if named < len(points):
        remarks.append(f"{named} of {len(points)} tasks are named; more names would overlap.")
    if circles:
        remarks.append("A circle's radius is the distance to expect between repeats of its task.")
    for line, sentence in enumerate((_faithfulness(method, stress), " ".join(remarks))):
        y = bottom - pixels(8 + 12 * line)
        sheet.write(MARGIN, y, sentence, size=8.0, color=FAINT_INK, va="top")
    return sheet.figure


def _sheet(count: int) -> Sheet:
    """Return paper that grows with the number of tasks."""
    if count <= 20:
        return Sheet(width=1800, height=1300)
    return (
        Sheet(width=2200, height=1600) if count <= MOST_LABELLED else Sheet(width=2400, height=1800)
    )


def _explain(
    sheet: Sheet, points: Sequence[MapPoint], *, top: float, bottom: float
) -> tuple[list[GroupStyle], float]:
    """Draw the legend; return each point's style and the x up to which there is room."""
    edge = sheet.width - MARGIN
    groups = [point.group for point in points]
    if any(group is not None for group in groups):
        styles = group_styles(group for group in groups if group is not None)
        right = draw_groups(sheet, groups, styles, top=top, bottom=bottom)
        return [UNGROUPED if group is None else styles[group] for group in groups], right
    classes = [max(point.classes, 1) for point in points]
    if len(set(classes)) == 1:
        return [GroupStyle(PALETTE[0], "o")] * len(points), edge
    # Without its lightest end, which is lost on white.
    colours = ListedColormap(colormaps["cividis"](np.linspace(0, 0.93, 256)))
    norm = LogNorm(min(classes), max(classes))
    right = draw_class_bar(sheet, norm=norm, colours=colours, top=top)
    return [GroupStyle(to_hex(colours(norm(n))), "o") for n in classes], right


def _errors(points: Sequence[MapPoint], *, method: MapMethod | None) -> Array:
    """Return the standard errors (m,), 0 where lengths of the layout are no distances."""
    if method in (MapMethod.TSNE, MapMethod.UMAP):
        return np.zeros(len(points))
    return np.array([p.standard_error or 0.0 for p in points])


def _to_pixels(
    points: Sequence[MapPoint],
    radii: Array,
    *,
    room: tuple[float, float, float, float],
    padding: float,
) -> tuple[Array, float]:
    """Return the positions (m, 2) at equal scale on both axes, and that scale.

    Circles of ``radii`` (m,) about them lie within ``room``.
    """
    positions, around = np.array([(p.x, p.y) for p in points]), radii[:, None]
    low, high = (positions - around).min(axis=0), (positions + around).max(axis=0)
    space = np.array([room[2] - room[0], room[3] - room[1]]) - 2 * padding
    with np.errstate(divide="ignore", over="ignore"):
        scale = float((space / (high - low)).min())
    middle = np.array([room[0] + room[2], room[1] + room[3]]) / 2
    offsets = positions - (low + high) / 2
    return middle + (offsets * scale if np.isfinite(scale) else 0 * offsets), scale


def _faithfulness(method: MapMethod | None, stress: float | None) -> str:
    """Say in words what a flat picture of many dimensions can be trusted for."""
    text = "2-D picture of n-D distances"
    if method is not None:
        text += f" by {_METHOD_NAMES[method]}"
    if stress is not None:
        text += f"; stress {stress:.2f}: its lengths are off by about {stress:.0%}"
    return text + "."
