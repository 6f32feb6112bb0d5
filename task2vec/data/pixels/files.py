"""Reading images that are files of their own."""

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from task2vec.data.paths import reason
from task2vec.data.pixels.limits import MAX_IMAGE_BYTES
from task2vec.data.pixels.reader import Raw, UnreadableImageError

LEADS_OUT = "leads out of the source"


@dataclass(frozen=True)
class FileReader:
    """Reads each key from the path it stands for.

    With a ``root``, a path that leads out of it through links is not read. ``largest`` is the most
    bytes of a file.
    """

    paths: Mapping[str, str]
    root: str | None = None
    largest: int = MAX_IMAGE_BYTES

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the bytes of each file, or why it cannot be read."""
        wanted = set(keys)
        for key, path in self.paths.items():
            if key in wanted:
                yield key, self._found(path)

    def _found(self, path: str) -> Raw:
        if self.root is not None and not inside(path, root=self.root):
            return UnreadableImageError(LEADS_OUT)
        return read_file(path, largest=self.largest)


def stamp(status: os.stat_result) -> str:
    """Return what tells a changed file from an unchanged one without reading it."""
    return f"{status.st_size}:{status.st_mtime_ns}"


def leads_out(path: str) -> bool:
    """Return whether a written path is absolute, on Windows too, or climbs by ``..``."""
    parts = path.replace("\\", "/").split("/")
    return parts[0] == "" or ".." in parts or parts[0][1:2] == ":"


def inside(path: str, *, root: str) -> bool:
    """Return whether a path, its links followed, lies below ``root`` (whose own are not)."""
    # A loop of links has no real path; what is left of it leads nowhere, and is not read.
    return os.path.commonpath([root, os.path.realpath(path)]) == root


def read_file(path: str, *, largest: int = MAX_IMAGE_BYTES) -> bytes | UnreadableImageError:
    """Return the bytes of a regular file, or why they cannot be had."""
    try:
        status = os.stat(path)  # noqa: PTH116
        # Reading a pipe or a device might never end.
        if not stat.S_ISREG(status.st_mode):
            return UnreadableImageError("no regular file")
        if status.st_size > largest:
            return UnreadableImageError(f"larger than {largest // 2**20} MiB")
        return Path(path).read_bytes()
    except OSError as error:
        return UnreadableImageError(reason(error))
