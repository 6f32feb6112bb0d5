"""The kinds of archives, by the end of their names."""

from pathlib import Path
from typing import Protocol

from task2vec.data.containers.archive_tar import tar_tree
from task2vec.data.containers.archive_zip import zip_tree
from task2vec.data.containers.tree import Tree


class TreeOpener(Protocol):
    """Lists the files of an archive; ``largest`` is the most bytes of a document in it."""

    def __call__(self, path: Path, /, *, source: str, largest: int) -> Tree:
        """Return the listing; raises `SourceError` for a damaged or absurdly large one."""
        ...


ARCHIVES: dict[str, TreeOpener] = {
    ".zip": zip_tree,
    ".tar": tar_tree,
    ".tar.gz": tar_tree,
    ".tgz": tar_tree,
    ".tar.bz2": tar_tree,
    ".tar.xz": tar_tree,
}


def archive_opener(path: Path) -> TreeOpener | None:
    """Return what lists an archive; None for anything else, whatever it is called."""
    lower = path.name.lower()
    found = (opener for suffix, opener in ARCHIVES.items() if lower.endswith(suffix))
    return next(found, None) if path.is_file() else None
