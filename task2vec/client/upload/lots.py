"""Images without labels, sent some at a time: what is in memory and in one answer stays small."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from task2vec.client.upload.parts import part_of_bytes
from task2vec.client.upload.payload import Payload
from task2vec.data.pixels.reader import Raw

_MOST_IMAGES = 200
_MOST_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Lot:
    """Some images by their paths: the bytes of each, or why there are none."""

    images: tuple[tuple[str, bytes | str], ...]

    def payload(self, *, name: str) -> Payload | None:
        """Return a tar of those that have bytes, called by their places; None without any.

        What they are called is nobody's business, and a server tries only what ends like an image.
        """
        parts = [
            part_of_bytes(member(place), content)
            for place, (_, content) in enumerate(self.images)
            if isinstance(content, bytes)
        ]
        return Payload.of_parts(parts, name=name) if parts else None


def member(place: int) -> str:
    """Return what the image at a place of a lot is called in its archive."""
    return f"{place:04}.png"


def lots(images: Iterable[tuple[str, Raw]]) -> Iterator[Lot]:
    """Divide images, one after the other, into lots of some hundred or some dozen megabytes."""
    lot: list[tuple[str, bytes | str]] = []
    size = 0
    for path, raw in images:
        content = raw if isinstance(raw, bytes) else str(getattr(raw, "problem", "no image"))
        length = len(content) if isinstance(content, bytes) else 0
        if lot and (len(lot) == _MOST_IMAGES or size + length > _MOST_BYTES):
            yield Lot(tuple(lot))
            lot, size = [], 0
        lot.append((path, content))
        size += length
    if lot:
        yield Lot(tuple(lot))
