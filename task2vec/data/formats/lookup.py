"""The images of a tree, found by what a document calls them."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from task2vec.data.pixels.files import leads_out
from task2vec.data.task import SPLIT_NAMES


class Lookup:
    """Finds images by their whole path, its end, or its last name without the suffix.

    Whatever a document writes, what comes back is one of the ``paths``, so that nothing outside of
    the tree can be named.
    """

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = {_plain(path): path for path in paths}
        self._names: dict[str, list[str]] = defaultdict(list)
        for plain in self._paths:
            name = PurePosixPath(plain).name
            self._names[name].append(plain)
            if (stem := PurePosixPath(plain).stem) != name:
                self._names[stem].append(plain)

    def find(self, written: str, *, near: Sequence[str] = ()) -> str | None:
        """Return the path of an image, or None where none or several fit.

        The folders ``near`` are tried first; then the image may lie in any folder.
        """
        name = _plain(written.replace("\\", "/").strip())
        if not name or leads_out(name):
            return None
        name = "/".join(part for part in name.split("/") if part not in ("", "."))
        for folder in (*near, ""):
            path = f"{_plain(folder)}/{name}" if folder else name
            if path in self._paths:
                return self._paths[path]
        fitting = self._fitting(name)
        for folder in near:
            inside = [path for path in fitting if path.startswith(f"{_plain(folder)}/")]
            if len(inside) == 1:
                return self._paths[inside[0]]
        return self._paths[fitting[0]] if len(fitting) == 1 else None

    def _fitting(self, name: str) -> list[str]:
        last = name.rpartition("/")[2]
        fitting = []
        for path in self._names.get(last, ()):
            suffix = PurePosixPath(path).suffix
            bare = path if path.endswith(last) else path.removesuffix(suffix)
            if bare == name or bare.endswith(f"/{name}"):
                fitting.append(path)
        return fitting


def _plain(path: str) -> str:
    """Return one form for all Unicode forms: some file systems decompose what others do not."""
    return unicodedata.normalize("NFC", path)


def split_of(path: str) -> str | None:
    """Return the split that a document's name, or else its folder's, contains as a word."""
    pure = PurePosixPath(path)
    for part in (pure.stem, pure.parent.name):
        for word in re.split(r"[^a-z]+", part.casefold()):
            if word in SPLIT_NAMES:
                return SPLIT_NAMES[word]
    return None


def near_folders(paper: str, *, split: str | None, images: Collection[str]) -> list[str]:
    """Return the folders where the images of a document are looked for first."""
    folder = str(PurePosixPath(paper).parent)
    folders = {str(PurePosixPath(key).parent) for key in images}
    named = [f for f in sorted(folders) if split is not None and split_of(f"{f}/") == split]
    return [folder, *named] if folder != "." else named
