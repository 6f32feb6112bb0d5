"""What a walk through a folder or an archive found."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from task2vec.data.wording import EXAMPLES, examples, plural, printable, shown

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
        found = self.images if _suffix(path) in SUFFIXES else self.documents
        found[path] = stamp

    def warnings(self, *, used: Collection[str] = ()) -> list[str]:
        """Return one sentence for each kind of thing that was left out.

        ``used`` are the documents that were not.
        """
        found = []
        if self.ignored:
            what = plural(len(self.ignored), "hidden or system entry")
            found.append(f"{what} ignored, such as {shown(min(self.ignored))}")
        used = frozenset(used)
        suffixes = Counter(
            printable(_suffix(path)) or "no suffix" for path in self.documents if path not in used
        )
        if suffixes:
            common = sorted(suffixes.items(), key=lambda pair: (-pair[1], pair[0]))
            kinds = ", ".join(f"{suffix} ({count:,})" for suffix, count in common[:EXAMPLES])
            what = plural(suffixes.total(), "file")
            found.append(f"{what} left out, not images: {kinds}")
        for why, paths in sorted(self.left_out.items()):
            found.append(f"{plural(len(paths), 'entry')} left out ({why}): {examples(paths)}")
        return found


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
