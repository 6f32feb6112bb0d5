"""A blank figure, and its way into a file.

Nothing here touches pyplot, whose figures are global: pictures may be drawn in many threads.
"""

import threading
from collections.abc import Sequence
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.text import Text
from numpy.typing import NDArray

from task2vec.atomic_file import atomic_file, check_place, writable
from task2vec.errors import InputError
from task2vec.plots.style import EVEN_SIZE, FAINT_INK, INK, PAPER, GroupStyle
from task2vec.plots.text import font_families, printable, shortened

# Twice the resolution of a plain screen.
DPI = 200
#: Pixels around all that is drawn.
MARGIN = 18 * DPI / 72
_WHAT = "The picture"
_REMEDY = "Name a file in a folder that exists and that you may write to."

# Identifiers in SVG are salted by a global setting and random without it.
_SALTED = threading.Lock()


class PictureFormat(StrEnum):
    """The kinds of file that pictures are written as; the value is the suffix without the dot."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


class Sheet:
    """A blank figure of ``width`` by ``height`` pixels whose coordinates are its pixels, y up."""

    def __init__(self, *, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()

    def write(self, x: float, y: float, text: str, *, size: float, **style: Any) -> Text:
        """Write ``text``, taken literally (no mathematics), ``size`` points high."""
        return self.axes.text(
            x,
            y,
            printable(text),
            fontsize=size,
            fontfamily=list(font_families()),
            parse_math=False,
            usetex=False,
            **{"color": INK, "zorder": 5, **style},
        )

    def heading(self, text: str) -> Text:
        """Write a heading into the upper left corner."""
        return self.write(
            MARGIN, self.height - MARGIN, shortened(text, 80), size=13.0, va="top",
            fontweight="bold",
        )  # fmt: skip

    def below_heading(self, text: str | None) -> float:
        """Write a heading, if there is one; return the y up to which there is room."""
        top = self.height - MARGIN
        return top - self.size(self.heading(text))[1] - pixels(12) if text else top

    def remark(self, text: str) -> None:
        """Write small and faintly into the lower left corner."""
        self.write(MARGIN, pixels(15), text, size=8.0, color=FAINT_INK, va="center")

    def mark(
        self, x: float, y: float, style: GroupStyle, *, radius: float, above: bool = False
    ) -> None:
        """Draw a group's mark of about ``radius`` pixels, ``above`` images or beneath them."""
        points = 2 * radius * 72 / DPI * EVEN_SIZE[style.shape]
        self.axes.scatter(
            [x], [y], s=points**2, c=style.colour, marker=style.shape,
            edgecolors=PAPER, linewidths=0.065 * points, zorder=6 if above else 3,
        )  # fmt: skip

    def line(self, ends: Sequence[tuple[float, float]], *, colour: str, width: float) -> None:
        """Draw a line ``width`` points thick."""
        self.axes.add_line(
            Line2D(*zip(*ends, strict=True), color=colour, linewidth=width, zorder=2)
        )

    def circle(self, x: float, y: float, *, radius: float, colour: str) -> None:
        """Draw a faint disc."""
        self.axes.add_patch(
            Circle((x, y), radius, facecolor=(colour, 0.07), edgecolor=(colour, 0.4), linewidth=0.6)
        )

    def image(self, x: float, y: float, rgba: NDArray[np.uint8]) -> None:
        """Draw pixels (h, w, 4) unscaled, centred."""
        height, width = rgba.shape[:2]
        left, bottom = round(x - width / 2), round(y - height / 2)
        self.axes.imshow(
            rgba, extent=(left, left + width, bottom, bottom + height), aspect="auto", zorder=4
        )

    def size(self, text: Text) -> tuple[float, float]:
        """Return the width and height of a written text in pixels."""
        box = text.get_window_extent()
        return float(box.width), float(box.height)


def pixels(points: float) -> float:
    """Return typographic points (1/72 inch) in pixels of a `Sheet`."""
    return points * DPI / 72


def picture_format(target: Path | BinaryIO) -> PictureFormat:
    """Return the format that the suffix of a path asks for; streams get PNG.

    Raises `InputError` for any other suffix.
    """
    if not isinstance(target, Path):
        return PictureFormat.PNG
    suffix = target.suffix.lower().removeprefix(".")
    try:
        return PictureFormat(suffix)
    except ValueError:
        raise InputError(
            f"No picture can be written to {target}",
            expected="a name that ends in " + ", ".join(f".{kind}" for kind in PictureFormat),
            got=f".{suffix}" if suffix else "no suffix",
            remedy=f"Try {target.stem or 'map'}.png.",
        ) from None


def check_target(path: Path) -> None:
    """Raise `InputError` for a name or a place that no picture can be written to."""
    picture_format(path)
    with writable(_WHAT, path, remedy=_REMEDY):
        check_place(path)


def save(figure: Figure, target: Path | BinaryIO, *, kind: PictureFormat | None = None) -> None:
    """Write ``figure`` as its suffix says, or on a stream as PNG unless ``kind`` is another.

    A file appears whole or not at all, and equal figures give equal bytes. Raises `InputError` for
    an unknown suffix and a path that cannot be written.
    """
    kind = kind or picture_format(target)
    buffer = BytesIO()
    # What would tell the time, in those formats that do.
    metadata: dict[str, Any] = {
        PictureFormat.PNG: {},
        PictureFormat.PDF: {"CreationDate": None},
        PictureFormat.SVG: {"Date": None},
    }[kind]
    with _SALTED, rc_context({"svg.hashsalt": "task2vec"}):
        figure.savefig(buffer, format=kind.value, dpi=DPI, facecolor=PAPER, metadata=metadata)
    if not isinstance(target, Path):
        target.write(buffer.getvalue())
        return
    with writable(_WHAT, target, remedy=_REMEDY), atomic_file(target) as partial:
        partial.write_bytes(buffer.getvalue())
