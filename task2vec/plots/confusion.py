"""What an expert takes the images of each class for, as a table of shaded cells."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from task2vec.messages.evaluations import Confusion
from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.style import FAINT_INK, INK, LEADER, PALETTE, PAPER
from task2vec.plots.text import shortened

_SIDE = 1500.0
_LARGEST_CELL = 220.0
#: Names stand beside as many classes, and counts in the cells of as many.
_MOST_NAMED, _MOST_COUNTED = 60, 16
_LONGEST_NAME = 24
_SHADES = LinearSegmentedColormap.from_list("shares", [PAPER, PALETTE[0]])


def compose_confusion(confusion: Confusion, *, title: str) -> Figure:
    """Return the picture: a row is a class, a column what its images were taken for.

    The shade grows with the share. Class names have the gid ``"row"`` and ``"column"``, counts
    ``"count"``.
    """
    counts = np.array(confusion.counts)
    classes = len(counts)
    cell = min(_LARGEST_CELL, _SIDE / classes)
    side = cell * classes
    size = min(9.0, 72 / 200 * cell * 0.8)
    named = classes <= _MOST_NAMED
    names = [shortened(name, _LONGEST_NAME) for name in confusion.classes] if named else []
    # Measured by the widest of them, on a sheet that is thrown away.
    scratch = Sheet(width=100, height=100)
    room = max((scratch.size(scratch.write(0, 0, n, size=size))[0] for n in names), default=0.0)
    head = scratch.size(scratch.heading(title))
    left = MARGIN + pixels(20) + room
    bottom = MARGIN + pixels(34) + room
    width = left + max(side, head[0] - room) + MARGIN
    sheet = Sheet(width=round(width), height=round(bottom + side + head[1] + 2 * MARGIN))
    sheet.heading(title)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # By its root: a class that one image in twenty is taken for is seen, too.
    shades = np.sqrt(shares)
    rgba = (255 * _SHADES(shades)).round().astype(np.uint8)
    sheet.axes.imshow(
        rgba, extent=(left, left + side, bottom, bottom + side), aspect="auto",
        interpolation="nearest", zorder=1,
    )  # fmt: skip
    sheet.axes.add_patch(
        Rectangle((left, bottom), side, side, fill=False, edgecolor=LEADER, linewidth=0.8)
    )
    for i, name in enumerate(names):
        y, x = bottom + side - (i + 0.5) * cell, left + (i + 0.5) * cell
        colour = INK if counts[i].any() else FAINT_INK
        sheet.write(
            left - pixels(3), y, name, size=size, ha="right", va="center", gid="row", color=colour
        )
        sheet.write(
            x, bottom - pixels(3), name, size=size, ha="center", va="top", rotation=90, gid="column"
        )
    if classes <= _MOST_COUNTED:
        for i, j in zip(*counts.nonzero(), strict=True):
            x, y = left + (j + 0.5) * cell, bottom + side - (i + 0.5) * cell
            sheet.write(
                x, y, f"{counts[i, j]:,}", size=size, ha="center", va="center", gid="count",
                color=PAPER if shades[i, j] > 0.6 else INK,
            )  # fmt: skip
    sheet.write(
        MARGIN + pixels(6), bottom + side / 2, "class", size=8.0, color=FAINT_INK, rotation=90,
        ha="center", va="center",
    )  # fmt: skip
    sheet.write(
        left + side / 2, MARGIN + pixels(12), "taken for", size=8.0, color=FAINT_INK,
        ha="center", va="center",
    )  # fmt: skip
    return sheet.figure
