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
from task2vec.plots.style import EVEN_SIZE, INK, PAPER, GroupStyle
from task2vec.plots.text import font_families, printable

# Twice the resolution of a plain screen.
DPI = 200
_WHAT = "The picture"
_REMEDY = "Name a file in a folder that exists and that you may write to."

# Identifiers in SVG are salted by a global setting and random without it.
_SVG_LOCK = threading.Lock()


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


def save(figure: Figure, target: Path | BinaryIO, *, kind: PictureFormat) -> None:
    """Write ``figure``; a file appears whole or not at all, and equal figures give equal bytes.

    Raises `InputError` where the path cannot be written.
    """
    data = _encoded(figure, kind)
    if isinstance(target, Path):
        _write_whole(target, data)
    else:
        target.write(data)


def _encoded(figure: Figure, kind: PictureFormat) -> bytes:
    buffer = BytesIO()
    options: dict[str, Any] = {"format": kind.value, "dpi": DPI, "facecolor": PAPER}
    match kind:
        case PictureFormat.PNG:
            figure.savefig(buffer, **options)
        case PictureFormat.PDF:
            figure.savefig(buffer, metadata={"CreationDate": None}, **options)
        case PictureFormat.SVG:
            with _SVG_LOCK, rc_context({"svg.hashsalt": "task2vec"}):
                figure.savefig(buffer, metadata={"Date": None}, **options)
    return buffer.getvalue()


def _write_whole(path: Path, data: bytes) -> None:
    with writable(_WHAT, path, remedy=_REMEDY), atomic_file(path) as partial:
        partial.write_bytes(data)
