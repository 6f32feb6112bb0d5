"""Images without labels: files, and whatever lies below folders and in archives."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from task2vec.data.containers.archives import open_tree
from task2vec.data.containers.tree import SUFFIXES
from task2vec.data.paths import check_there, expanded, tidied
from task2vec.data.pixels.files import FileReader
from task2vec.data.pixels.limits import MAX_DOCUMENT_BYTES
from task2vec.data.pixels.reader import Raw, Reader
from task2vec.data.wording import printable
from task2vec.errors import SourceError


@dataclass(frozen=True)
class Part:
    """Images of one reader: what each is called, by the reader's key."""

    reader: Reader
    names: dict[str, str]


@dataclass(frozen=True)
class Images:
    """Images that were listed but not read; ``warnings`` say what was left out, and why."""

    parts: tuple[Part, ...]
    warnings: tuple[str, ...]

    def __len__(self) -> int:
        return sum(len(part.names) for part in self.parts)

    def read(self) -> Iterator[tuple[str, Raw]]:
        """Yield the path and the bytes of each, one after the other, or why there are none."""
        for part in self.parts:
            for key, raw in part.reader.read(part.names.keys()):
                yield part.names[key], raw


def find_images(paths: Sequence[str | os.PathLike[str]]) -> Images:
    """List images without reading them, in the order of ``paths``, each folder's sorted.

    A file is tried whatever its name; of a folder and all below it the files that end like images,
    as `task2vec.data.containers.folder` walks it: no links, nothing hidden. A zip or tar archive
    counts as the folder that it would be, in its own order and never unpacked; its images are
    called by their paths in it, after the archive's own where there are several ``paths``.

    Raises `SourceError` for a path that is not there, an archive that is damaged or would unpack to
    absurdly many bytes, and where no image is found.
    """
    if not paths:
        raise SourceError("No image is named", expected="files, folders or archives of images")
    tidy = (Path(tidied(str(expanded(Path(path))))) for path in paths)
    listed = [_part(path, several=len(paths) > 1) for path in tidy]
    images = Images(
        tuple(part for part, _ in listed), tuple(text for _, texts in listed for text in texts)
    )
    if not len(images):
        raise SourceError(
            f"No image was found in {', '.join(printable(os.fspath(path)) for path in paths[:3])}",
            expected=f"files that end in {', '.join(sorted(SUFFIXES))}",
            got="; ".join(images.warnings) or "nothing",
        )
    return images


def _part(path: Path, *, several: bool) -> tuple[Part, list[str]]:
    check_there(path)
    name = printable(str(path))
    tree = open_tree(path, source=name, largest=MAX_DOCUMENT_BYTES)
    if tree is None:
        return Part(FileReader({name: str(path)}), {name: name}), []
    if tree.root is not None:
        names = {key: os.path.join(name, key) for key in sorted(tree.inventory.images)}  # noqa: PTH118
    else:
        names = {key: f"{name}/{key}" if several else key for key in tree.inventory.images}
    warnings = tree.inventory.warnings()
    return Part(tree.images, names), [f"{name}: {w}" if several else w for w in warnings]
