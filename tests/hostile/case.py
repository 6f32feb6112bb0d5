"""One hostile source."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

SENTINEL = (201, 13, 77)
"""The colour of the image that lies outside of every source, and that none may give."""

OUTSIDE = "outside"
"""The folder of that image, beside the folder of the source."""


@dataclass(frozen=True)
class Case:
    """``write`` puts the source into an empty folder and returns what is to be opened."""

    kind: str
    name: str
    write: Callable[[Path], Path]


@cache
def encoded(number: int, kind: str = "PNG", size: tuple[int, int] = (24, 20)) -> bytes:
    """Return an image of noise that the number decides."""
    random = np.random.default_rng(number)
    pixels = random.integers(0, 200, (size[1], size[0], 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def sentinel() -> bytes:
    """Return the image that lies outside."""
    buffer = BytesIO()
    Image.new("RGB", (24, 20), SENTINEL).save(buffer, "PNG")
    return buffer.getvalue()


def good_files() -> dict[str, bytes]:
    """Return two classes of good images, so that a source is read although parts of it are bad."""
    return {f"{'ab'[n % 2]}/{n // 2}.png": encoded(n) for n in range(4)}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files below a folder and return it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder
