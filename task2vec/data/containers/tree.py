"""The files of a folder or an archive, listed but not read; what reads labels out of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from task2vec.data.pixels.reader import DamagedMemberError, Reader, UnreadableImageError
from task2vec.data.wording import EXAMPLES, plural, printable, remarks, shown
from task2vec.errors import SourceError

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp"}
    | {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Files that are tried as images, by the end of their names in lower case."""

SYSTEM_NAMES = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"})
"""What operating systems leave behind, in lower case; ignored like hidden files."""


@dataclass
class Inventory:
    """Collects what a walk finds; paths are relative to the source, with forward slashes."""

    images: dict[str, str] = field(default_factory=dict)
    """The stamp (size, time) of each image, by path."""
    folders: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    """The stamp of each file of another type, by path: it may describe the images."""
    left_out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Paths that were left out, by the sentence that says why."""

    def ignores(self, path: str) -> bool:
        """Note a hidden or system file, or one in such a folder; return whether it is one."""
        parts = path.split("/")
        for depth, part in enumerate(parts, start=1):
            if part.startswith(".") or part.casefold() in SYSTEM_NAMES:
                self.ignored.add("/".join(parts[:depth]))
                return True
        return False

    def add_file(self, path: str, *, stamp: str) -> None:
        """Take in a regular file, which is an image if its name ends like one."""
        files = self.images if _suffix(path) in SUFFIXES else self.documents
        files[path] = stamp

    def warnings(self, *, used: Collection[str] = ()) -> list[str]:
        """Return one sentence for each kind of thing that was left out.

        ``used`` are the documents that were not.
        """
        sentences = []
        if self.ignored:
            what = plural(len(self.ignored), "hidden or system entry")
            sentences.append(f"{what} ignored, such as {shown(min(self.ignored))}")
        used = frozenset(used)
        suffixes = Counter(
            printable(_suffix(path)) or "no suffix" for path in self.documents if path not in used
        )
        if suffixes:
            common = sorted(suffixes.items(), key=lambda pair: (-pair[1], pair[0]))
            kinds = ", ".join(f"{suffix} ({count:,})" for suffix, count in common[:EXAMPLES])
            what = plural(suffixes.total(), "file")
            sentences.append(f"{what} left out, not images: {kinds}")
        for why, paths in sorted(self.left_out.items()):
            sentences += remarks(paths, "entry", f"left out ({why})")
        return sentences


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


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
        for _, contents in self.documents([path]):
            return contents
        raise SourceError(f"{shown(path)} of {self.source} cannot be read", got="nothing")

    def documents(self, paths: Collection[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of documents in the source's own order, as `document` gives them."""
        for path, contents in self.papers.read(frozenset(paths)):
            if not isinstance(contents, bytes):
                got = contents.problem if isinstance(contents, UnreadableImageError) else "an image"
                damaged = isinstance(contents, DamagedMemberError)
                kind = DamagedDocumentError if damaged else SourceError
                raise kind(f"{shown(path)} of {self.source} cannot be read", got=got)
            yield path, contents
