"""What readers give of an image, before it is decoded: nothing here needs a decoder."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from task2vec.errors import SourceError

if TYPE_CHECKING:
    from PIL.Image import Image


class UnreadableImageError(SourceError, code="unreadable_image"):
    """One image that cannot be used; ``problem`` is a short reason such as ``truncated``."""


class DamagedMemberError(UnreadableImageError):
    """A member of an archive that is damaged, encrypted, or packed by an unknown method."""


Raw: TypeAlias = "bytes | Image | UnreadableImageError"
"""What a reader finds behind a key: an encoded image, a ready one, or why there is none."""


def weight(raw: Raw) -> int:
    """Return the bytes of memory that an image takes as a reader gave it."""
    if isinstance(raw, UnreadableImageError):
        return 0
    return len(raw) if isinstance(raw, bytes) else 4 * raw.width * raw.height


class Reader(Protocol):
    """Reads images of one source."""

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield each of ``keys`` at most once, in the source's own order.

        An image that cannot be had is yielded as the error that says why, so that one bad image
        does not end the stream. Raises `SourceError` where the source as a whole fails.
        """
        ...


NUMBERED = "image "
"""Begins the keys of images that have no name but their number."""


@dataclass(frozen=True, eq=False)
class NumberedReader:
    """Gives images by their number, as what is in memory has them."""

    image: Callable[[int], Raw]

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the images in the order of their numbers."""
        for number in sorted(int(key.removeprefix(NUMBERED)) for key in keys):
            yield f"{NUMBERED}{number}", self.image(number)
