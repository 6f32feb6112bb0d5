"""Boxes in images, read as images of their own."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from PIL import Image

from task2vec.data.build import Place, build_from_places
from task2vec.data.containers.tree import Tree
from task2vec.data.pixels.decode import decode, to_image
from task2vec.data.pixels.limits import MAX_BOXES
from task2vec.data.pixels.reader import Raw, Reader, UnreadableImageError
from task2vec.data.task import Task
from task2vec.data.wording import plural, remarks
from task2vec.errors import SourceError

LEAST_SIDE = 16
"""Pixels that a box needs on its shorter side: with fewer there is little to see."""

_ROUNDING = 1e-3
"""Pixels that shares written with five digits may be off."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle ``left, top, right, bottom``: in pixels, or as shares of the image's sides.

    ``size`` is the width and height of the image that the pixels refer to, where that is known.
    """

    left: float
    top: float
    right: float
    bottom: float
    shares: bool = False
    size: tuple[int, int] | None = None

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return the pixels that the box touches, of an image of this size."""
        across, down = (width, height) if self.shares else (1, 1)
        return (
            max(math.floor(self.left * across + _ROUNDING), 0),
            max(math.floor(self.top * down + _ROUNDING), 0),
            min(math.ceil(self.right * across - _ROUNDING), width),
            min(math.ceil(self.bottom * down - _ROUNDING), height),
        )


def too_small(corners: tuple[int, int, int, int]) -> bool:
    """Return whether pixels ``left, top, right, bottom`` are fewer than `LEAST_SIDE` a side."""
    left, top, right, bottom = corners
    return min(right - left, bottom - top) < LEAST_SIDE


@dataclass(frozen=True)
class CropReader:
    """Reads boxes out of the images of another reader, decoding each image once."""

    images: Reader
    boxes: Mapping[str, tuple[str, Box]]
    """The key of the image and the place in it, by the key of the crop."""

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the crops image by image, in the order of the other reader."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            wanted[self.boxes[key][0]].append(key)
        for image_key, raw in self.images.read(frozenset(wanted)):
            try:
                image = to_image(raw)
            except UnreadableImageError as error:
                yield from ((key, error) for key in wanted[image_key])
                continue
            for key in wanted[image_key]:
                yield key, _crop(image, self.boxes[key][1], raw)


def _crop(image: Image.Image, box: Box, raw: Raw) -> Raw:
    if box.size is not None and image.size != box.size:
        if image.size != box.size[::-1] or not isinstance(raw, bytes):
            return UnreadableImageError(
                f"an image of {image.width} x {image.height} pixels, listed as "
                f"{box.size[0]} x {box.size[1]}"
            )
        # The boxes were drawn on the pixels as they are stored, before EXIF turns them.
        image = decode(raw, upright=False)
        if image.size != box.size:
            return UnreadableImageError("an image that is turned otherwise than its boxes")
    corners = box.pixels(*image.size)
    if too_small(corners):
        across, down = (max(corners[i + 2] - corners[i], 0) for i in (0, 1))
        return UnreadableImageError(f"a box of {across} x {down} pixels, below {LEAST_SIDE}")
    cut = image.crop(corners)
    # Its orientation has been dealt with, one way or the other.
    cut.info.clear()
    return cut


@dataclass
class Boxes:
    """Collects the boxes of a detection data set, and makes the task of them."""

    places: dict[str, Place] = field(default_factory=dict)
    boxes: dict[str, tuple[str, Box]] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Keys of boxes that were left out, by the words that say why."""
    papers: list[str] = field(default_factory=list)
    """The documents that were used."""
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, image: str, box: Box, place: Place) -> None:
        """Take in a box unless its pixels are known to be too few."""
        if not all(map(math.isfinite, (box.left, box.top, box.right, box.bottom))):
            self.left_out["its numbers are not finite"].append(key)
        elif box.right <= box.left or box.bottom <= box.top:
            self.left_out["without width or height"].append(key)
        elif box.size is not None and too_small(box.pixels(*box.size)):
            self.left_out[f"below {LEAST_SIDE} pixels on a side"].append(key)
        elif key in self.places:
            self.left_out["listed twice"].append(key)
        else:
            self.places[key] = place
            self.boxes[key] = (image, box)
        if len(self.places) > MAX_BOXES:
            raise SourceError("Too many boxes", expected=f"at most {MAX_BOXES:,}")

    def task(self, tree: Tree, *, name: str, kind: str) -> Task:
        """Make the task of crops; raises `SourceError` for fewer than two classes."""
        images = {image for image, _ in self.boxes.values()}
        crops = plural(len(self.places), "crop")
        warnings = [
            f"read as a classification task of {crops} from {plural(len(images), 'image')} "
            f"({kind}); detection itself is not modelled",
            *tree.inventory.warnings(used=self.papers),
            *self.notes,
        ]
        for why, keys in sorted(self.left_out.items()):
            warnings += remarks(keys, "box", f"left out ({why})")
        if not self.places:
            raise SourceError(
                f"{tree.source} holds no usable boxes",
                expected=f"boxes of at least {LEAST_SIDE} pixels per side, in existing images",
                got="; ".join(warnings[1:]) or "none",
            )
        stamps = [
            tree.clock + tree.inventory.images[image] + repr(box)
            for image, box in self.boxes.values()
        ]
        return build_from_places(
            self.places,
            name=name,
            source=tree.source,
            stamps=stamps,
            warnings=warnings,
            reader=CropReader(tree.images, self.boxes),
        )
