"""The files of a folder or an archive, listed but not read; what reads labels out of them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from task2vec.data.containers.inventory import Inventory
from task2vec.data.pixels.raw import DamagedMemberError, Reader, UnreadableImageError
from task2vec.data.wording import shown
from task2vec.errors import SourceError


class DamagedDocumentError(SourceError):
    """A document in an archive that is damaged, encrypted, or packed by an unknown method."""


@dataclass(frozen=True)
class Tree:
    """What a walk found, and how to read it.

    ``images`` and ``papers`` read the images and the documents (files of other types) by their
    paths. What a document names is looked up among the paths that the walk found, so that it cannot
    lead out of the tree. ``clock`` dates the source as a whole, ``root`` is the folder on disk.
    """

    source: str
    inventory: Inventory
    images: Reader
    papers: Reader
    clock: str = ""
    root: Path | None = None

    def document(self, path: str) -> bytes:
        """Return the bytes of a document; raises `SourceError` where they cannot be had."""
        for _, found in self.documents([path]):
            return found
        raise SourceError(f"{shown(path)} of {self.source} cannot be read", got="nothing")

    def documents(self, paths: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of documents in the source's own order, as `document` gives them."""
        for path, found in self.papers.read(frozenset(paths)):
            if not isinstance(found, bytes):
                got = found.problem if isinstance(found, UnreadableImageError) else "an image"
                damaged = isinstance(found, DamagedMemberError)
                kind = DamagedDocumentError if damaged else SourceError
                raise kind(f"{shown(path)} of {self.source} cannot be read", got=got)
            yield path, found
