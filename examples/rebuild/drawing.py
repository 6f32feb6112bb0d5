"""What every source gives, a labelled drawing, and the few operations on its pixels."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops

from examples.rebuild.packages import Package

WHITE = (255, 255, 255)


@dataclass(frozen=True)
class Drawing:
    """An image with its label; ``name`` becomes the stem of its file.

    Drawings of one object (tones of a hand, frames of a sprite) share the part of the name
    before the double underscore, so that a split by object can be made from the names.
    """

    label: str
    name: str
    image: Image.Image


@dataclass(frozen=True)
class ExampleTask:
    """A task to be built: its drawings, and all that its licence asks to be said.

    ``per_class`` is the largest number of images kept of a class; ``split`` is empty for a known
    task, else the folder (``train`` or ``test``) of a task that is held back.
    """

    name: str
    family: str
    packages: tuple[Package, ...]
    done: str
    licence: str
    attribution: str
    notice: str
    per_class: int
    drawings: Callable[[Callable[[Package], Path]], Sequence[Drawing]]
    jpeg: bool = False
    split: str = ""

    @property
    def folder(self) -> Path:
        """Where the task lies, below ``examples/``."""
        return Path("held_back", self.name, self.split) if self.split else Path("tasks", self.name)


def on_ground(image: Image.Image, ground: tuple[int, int, int] = WHITE) -> Image.Image:
    """Lay an image of any mode on an opaque ground and return it as RGB."""
    rgba = image.convert("RGBA")
    opaque = Image.new("RGBA", rgba.size, (*ground, 255))
    return Image.alpha_composite(opaque, rgba).convert("RGB")


def squared(image: Image.Image, size: int, *, ground: tuple[int, int, int] = WHITE) -> Image.Image:
    """Centre an RGB image on a square of ``size`` pixels a side, shrunk where it is larger."""
    scale = size / max(image.size)
    if scale < 1:
        shape = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(shape, Image.Resampling.LANCZOS)
    square = Image.new("RGB", (size, size), ground)
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return square


def trimmed(image: Image.Image, ground: tuple[int, int, int] = WHITE) -> Image.Image:
    """Cut the margins in the colour of the ground off an RGB image."""
    box = ImageChops.difference(image, Image.new("RGB", image.size, ground)).getbbox()
    return image.crop(box) if box else image


def has_ink(image: Image.Image, *, least: float = 2.0) -> bool:
    """Whether the grey values of an image spread at all (standard deviation of 0 to 255)."""
    return float(np.asarray(image.convert("L"), dtype=np.float64).std()) >= least


def encoded(image: Image.Image, *, jpeg: bool) -> bytes:
    """Return the bytes of the file of an image."""
    buffer = io.BytesIO()
    if jpeg:
        image.save(buffer, "JPEG", quality=85, optimize=True)
    else:
        image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def pixel_hash(content: bytes) -> str:
    """Hash the decoded RGB pixels of an image file, with its size."""
    with Image.open(io.BytesIO(content)) as image:
        rgb = image.convert("RGB")
    return hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).hexdigest()
