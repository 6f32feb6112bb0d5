"""What explains a map: the list of groups, the bar of class counts, the bar of length."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm

from task2vec.plots.figure import MARGIN, Sheet, pixels
from task2vec.plots.style import FAINT_INK, UNGROUPED, GroupStyle, in_order
from task2vec.plots.text import shortened

_SIZE = 9.0
_ROW = 1.75 * _SIZE
_LONGEST_NAME = 24
UNTAGGED = "no tag"


def draw_groups(
    sheet: Sheet,
    groups: Sequence[str | None],
    styles: Mapping[str, GroupStyle],
    *,
    top: float,
    bottom: float,
) -> float:
    """List the groups in the upper right corner and return the x where the list begins.

    ``groups`` has one entry per task. Where not all fit between ``top`` and ``bottom`` the smallest
    are left out, and the last row says how many.
    """
    counts = Counter(group for group in groups if group is not None)
    rows = int((top - bottom) // pixels(_ROW)) - (None in groups)
    shown = sorted(counts, key=in_order)
    if len(shown) > rows:
        shown = sorted((g for g, _ in counts.most_common(max(rows - 1, 0))), key=in_order)
    entries: list[tuple[str, GroupStyle | None]] = [(group, styles[group]) for group in shown]
    if None in groups:
        entries.append((UNTAGGED, UNGROUPED))
    if len(counts) > len(shown):
        entries.append((f"and {len(counts) - len(shown)} more", None))

    texts = []
    for i, (name, style) in enumerate(entries):
        y = top - pixels(_ROW) * (i + 0.5)
        colour = {} if style else {"color": FAINT_INK}
        texts.append(
            sheet.write(0, y, shortened(name, _LONGEST_NAME), size=_SIZE, va="center", **colour)
        )
    left = sheet.width - MARGIN - max(sheet.size(text)[0] for text in texts)
    for text, (_, style) in zip(texts, entries, strict=True):
        text.set_x(left)
        if style:
            sheet.mark(left - pixels(10), text.get_position()[1], style, radius=pixels(3.4))
    return left - pixels(16)


def draw_class_bar(sheet: Sheet, *, norm: LogNorm, colours: Colormap, top: float) -> float:
    """Draw the colour bar of class counts on the right and return the x where it begins."""
    height, width = pixels(150), pixels(9)
    left = sheet.width - MARGIN - pixels(34)
    title = sheet.write(left, top, "classes", size=_SIZE, va="top")
    top -= pixels(_ROW) + pixels(2)
    bar = sheet.figure.add_axes(
        (left / sheet.width, (top - height) / sheet.height, width / sheet.width,
         height / sheet.height)
    )  # fmt: skip
    colorbar = sheet.figure.colorbar(ScalarMappable(norm, colours), cax=bar)
    colorbar.outline.set_visible(False)
    ticks = _round_counts(float(norm.vmin or 1), float(norm.vmax or 1))
    colorbar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    bar.minorticks_off()
    bar.tick_params(length=0, labelsize=_SIZE, labelcolor=title.get_color(), pad=4)
    return left - pixels(14)


def draw_length(sheet: Sheet, *, scale: float, right: float, bottom: float) -> None:
    """Draw a bar of a round distance; ``scale`` is pixels a unit of distance."""
    length = _round_length(sheet.width * 0.12 / scale)
    left = right - length * scale
    sheet.line([(left, bottom), (right, bottom)], colour=FAINT_INK, width=1.2)
    sheet.write(
        (left + right) / 2, bottom + pixels(4), f"distance {length:g}",
        size=8.0, color=FAINT_INK, ha="center", va="bottom",
    )  # fmt: skip


def _round_length(about: float) -> float:
    """Return the nearest of 1, 2 and 5 times a power of ten."""
    candidates = [m * 10.0**e for e in range(-12, 13) for m in (1, 2, 5)]
    return min(candidates, key=lambda value: abs(np.log(value / about)))


def _round_counts(low: float, high: float) -> list[int]:
    """Return the ends of a range and the round numbers well within it."""
    between = [m * 10**e for e in range(7) for m in (1, 2, 5)]
    return [int(low), *(n for n in between if low * 1.4 < n < high / 1.4), int(high)]
