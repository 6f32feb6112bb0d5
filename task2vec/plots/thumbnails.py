"""Small pictures of tasks: cropped square, corners rounded, bordered in a colour."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

Pixels = NDArray[np.uint8]

# Drawn larger and scaled down: Pillow's shapes have jagged edges.
_OVERSAMPLING = 4
# A few kilobytes of PNG may stand for gigabytes.
_MOST_PIXELS = 4_000_000


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
