"""The tasks on a map: marks or thumbnails with their names, none covering another."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from task2vec.plots.figure import Sheet, pixels
from task2vec.plots.labels import draw_leader, mark_boxes
from task2vec.plots.placement import Placement, Request, place, spread_order
from task2vec.plots.style import GroupStyle

Pixels = NDArray[np.uint8]

# Above this number a sparse choice of tasks is named.
MOST_LABELLED = 80
_SPARSE_LABELS = 60
_RINGS = 12
_THUMBNAIL_GAP = pixels(1.5)
# Drawn larger and scaled down: Pillow's shapes have jagged edges.
_OVERSAMPLING = 4
# A few kilobytes of PNG may stand for gigabytes.
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True)
class Mark:
    """A task at ``(x, y)`` on the sheet; ``error`` is the radius of its circle in pixels."""

    x: float
    y: float
    name: str
    style: GroupStyle
    error: float
    thumbnail: bytes | None


def draw_errors(sheet: Sheet, marks: Sequence[Mark]) -> bool:
    """Draw the standard errors that show beyond their marks; return whether there are any.

    Among thumbnails, which cover them, and in a crowd they would be clutter.
    """
    if len(marks) > MOST_LABELLED or any(mark.thumbnail for mark in marks):
        return False
    shown = [mark for mark in marks if mark.error > 1.3 * _radius(len(marks))]
    for mark in shown:
        sheet.circle(mark.x, mark.y, radius=mark.error, colour=mark.style.colour)
    return bool(shown)


def draw_marks(
    sheet: Sheet, marks: Sequence[Mark], *, room: tuple[float, float, float, float]
) -> int:
    """Draw the tasks within ``room`` (x0, y0, x1, y1) and return how many are named.

    A thumbnail lies on its point with the name beneath, or beside it, joined by a line, where
    others are in the way. What finds no place is a bare mark.
    """
    sparse = len(marks) > MOST_LABELLED
    order = list(range(len(marks)))
    if sparse:
        order = spread_order(np.array([(mark.x, mark.y) for mark in marks]))
    named = [marks[i] for i in order[: _SPARSE_LABELS if sparse else None]]
    bare = [marks[i] for i in order[len(named) :]]
    radius = _radius(len(marks))
    cards = [_Card.write(sheet, mark, radius=radius, side=_side(len(marks))) for mark in named]
    spots = [(c.mark, c.radius) for c in cards] + [(mark, radius) for mark in bare]
    placements = place(
        [card.requests(sheet) for card in cards],
        marks=mark_boxes(((mark.x, mark.y), r) for mark, r in spots),
        area=room,
        rings=_RINGS,
    )
    for mark in bare:
        sheet.mark(mark.x, mark.y, mark.style, radius=radius)
    for card, placement in zip(cards, placements, strict=True):
        if placement is None:
            card.text.remove()
            sheet.mark(card.mark.x, card.mark.y, card.mark.style, radius=radius)
        else:
            card.draw(sheet, placement)
    return sum(placement is not None for placement in placements)


@dataclass(frozen=True)
class _Card:
    """What is placed for a task: its name, beneath its thumbnail where there is one.

    ``radius`` is that of the mark which stands at the point itself.
    """

    mark: Mark
    text: Text
    picture: Pixels | None
    radius: float

    @classmethod
    def write(cls, sheet: Sheet, mark: Mark, *, radius: float, side: int) -> "_Card":
        size = 9.0 if side == _side(1) else 8.0
        text = sheet.write(
            0, 0, mark.name, size=size, ha="center", va="center", gid="label", linespacing=1
        )
        picture = None
        if mark.thumbnail is not None:
            picture = thumbnail_pixels(
                mark.thumbnail, side=side, border=5, colour=mark.style.colour
            )
        return cls(mark, text, picture, radius if picture is None else 0.6 * radius)

    def requests(self, sheet: Sheet) -> list[Request]:
        mark = self.mark
        width, height = sheet.size(self.text)
        # Names in a row need the space of a word between them, and lines a little air.
        width, height = width + pixels(4), height + pixels(1)
        # Beside its mark, within its circle: where circles are wide, a name outside of its own is
        # beside the mark of another.
        name = Request(x=mark.x, y=mark.y, width=width, height=height, radius=self.radius)
        if self.picture is None:
            return [name]
        side = len(self.picture)
        card = Request(
            x=mark.x,
            y=mark.y,
            width=max(width, side),
            height=side + _THUMBNAIL_GAP + height,
            radius=self.radius,
            home=(0.0, -(_THUMBNAIL_GAP + height) / 2),
            slack=side / 2 - self.radius,
        )
        return [card, name]

    def draw(self, sheet: Sheet, placement: Placement) -> None:
        mark = self.mark
        picture = self.picture if placement.alternative == 0 else None
        width, height = sheet.size(self.text)
        x, y = placement.x, placement.y
        boxes: list[tuple[float, float, float, float]] = []
        if picture is not None:
            side = len(picture)
            middle = y + (_THUMBNAIL_GAP + height) / 2
            y -= (_THUMBNAIL_GAP + side) / 2
            sheet.image(x, middle, picture)
            # The group's shape on the corner: the border alone would tell it by colour only.
            corner = side / 2 - pixels(2)
            sheet.mark(x + corner, middle + corner, mark.style, radius=pixels(3.4), above=True)
            boxes.append((x, middle, side, side))
        self.text.set_position((x, y))
        boxes.append((x, y, width, height))
        if placement.apart:
            draw_leader(sheet, (mark.x, mark.y), boxes)
        if picture is None or placement.apart:
            sheet.mark(mark.x, mark.y, mark.style, radius=self.radius)


def _radius(count: int) -> float:
    """Return half the width of a mark in pixels."""
    return pixels(4.6 if count <= 40 else 4.0 if count <= MOST_LABELLED else 3.2)


def _side(count: int) -> int:
    """Return the side of a thumbnail in pixels."""
    return 112 if count <= 20 else 84 if count <= 40 else 68 if count <= MOST_LABELLED else 60


def thumbnail_pixels(data: bytes, *, side: int, border: int, colour: str) -> Pixels | None:
    """Return RGBA pixels (side, side, 4) of a PNG or JPEG file's bytes.

    None if they are neither, or of more than 4 million pixels, which no thumbnail has.
    ``border`` is the width of the frame in pixels.
    """
    try:
        with Image.open(BytesIO(data), formats=["PNG", "JPEG"]) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                return None
            opened.draft("RGB", (side, side))
            image = opened.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    # Transparent icons are drawn on white, as on the picture's paper.
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    inner = side - 2 * border
    # Tiny images keep their pixels visible instead of being blurred.
    resampling = Image.Resampling.LANCZOS
    if max(image.size) * 2 <= inner:
        resampling = Image.Resampling.NEAREST
    square = ImageOps.fit(image, (inner, inner), method=resampling)
    framed = Image.new("RGBA", (side, side), colour)
    framed.paste(square, (border, border), _rounded(inner, radius=2 * border))
    framed.putalpha(_rounded(side, radius=3 * border))
    return np.asarray(framed)


def _rounded(side: int, *, radius: int) -> Image.Image:
    large = Image.new("L", (side * _OVERSAMPLING,) * 2, 0)
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1), radius * _OVERSAMPLING, fill=255
    )
    return large.resize((side, side), Image.Resampling.LANCZOS)
