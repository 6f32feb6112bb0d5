"""What lists the files of a folder or an archive, by which of them a path is."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from task2vec.data.containers.archive_tar import tar_tree
from task2vec.data.containers.archive_zip import zip_tree
from task2vec.data.containers.folder import folder_tree
from task2vec.data.containers.tree import Tree
from task2vec.data.paths import is_folder


class _TreeOpener(Protocol):
    def __call__(self, path: Path, /, *, source: str, largest: int) -> Tree: ...


ARCHIVES: dict[str, _TreeOpener] = {
    ".zip": zip_tree,
    ".tar": tar_tree,
    ".tar.gz": tar_tree,
    ".tgz": tar_tree,
    ".tar.bz2": tar_tree,
    ".tar.xz": tar_tree,
}
"""The kinds of archives, by the end of their names."""


def open_tree(path: Path, *, source: str, largest: int) -> Tree | None:
    """List the files of a folder or an archive; None for anything else, whatever it is called.

    ``largest`` is the most bytes of a document in it. Raises `SourceError` for a folder that cannot
    be opened, and for an archive that is damaged or absurdly large.
    """
    if is_folder(path):
        return folder_tree(path, source=source, largest=largest)
    suffix = file_suffix(path, ARCHIVES)
    return None if suffix is None else ARCHIVES[suffix](path, source=source, largest=largest)


def file_suffix(path: Path, suffixes: Iterable[str]) -> str | None:
    """Return the one of some suffixes in which the name of a regular file ends."""
    lower = path.name.lower()
    fitting = (suffix for suffix in suffixes if lower.endswith(suffix))
    return next(fitting, None) if path.is_file() else None
