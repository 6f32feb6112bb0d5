"""Files as the parts of an uncompressed tar, which is the same whenever the files are the same."""

import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from task2vec.errors import SourceError

CHUNK = 256 * 1024
_END = bytes(2 * tarfile.BLOCKSIZE)


@dataclass(frozen=True)
class Part:
    """A file of the archive: its path there, its size in bytes, and how its bytes are opened.

    ``kind`` is tar's. What is no regular file is sent by its name alone, so that the reader of
    the archive can say that it was left out.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    kind: bytes = tarfile.REGTYPE

    @property
    def is_file(self) -> bool:
        """Whether its bytes are sent."""
        return self.kind == tarfile.REGTYPE


def part_of_file(name: str, path: Path) -> Part:
    """Return a part that is read from disk when it is sent."""
    return Part(name, path.stat().st_size, lambda: path.open("rb"))


def part_of_entry(name: str, path: Path) -> Part:
    """Return a part for whatever lies in a folder; links are not followed."""
    if path.is_symlink():
        return Part(name, 0, BytesIO, tarfile.SYMTYPE)
    if path.is_dir():
        return Part(name, 0, BytesIO, tarfile.DIRTYPE)
    if not path.is_file():
        return Part(name, 0, BytesIO, tarfile.FIFOTYPE)
    return part_of_file(name, path)


def part_of_bytes(name: str, content: bytes) -> Part:
    """Return a part that is in memory."""
    return Part(name, len(content), lambda: BytesIO(content))


def tar_length(parts: list[Part]) -> int:
    """Return how many bytes `tar_chunks` yields."""
    return sum(len(_header(part)) + part.size + _padding(part.size) for part in parts) + len(_END)


def tar_chunks(parts: list[Part]) -> Iterator[bytes]:
    """Yield a tar archive of the parts: names, sizes and bytes, without times or owners.

    Raises `SourceError` where a file has another size than when it was listed.
    """
    for part in parts:
        yield _header(part)
        left = part.size
        with _opened(part) as file:
            while chunk := file.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
        if left:
            raise SourceError(
                f"{part.name} changed while it was being read",
                expected=f"{part.size} bytes",
                got="more" if left < 0 else f"{part.size - left}",
                remedy="Try again when nothing writes to the source any more.",
            )
        yield bytes(_padding(part.size))
    yield _END


def _opened(part: Part) -> BinaryIO:
    try:
        return part.open()
    except OSError as error:
        raise SourceError(
            f"{part.name} cannot be read", got=(error.strerror or str(error)).lower()
        ) from error


def _header(part: Part) -> bytes:
    # With every other field at its default, the same files give the same bytes anywhere.
    info = tarfile.TarInfo(part.name)
    info.size = part.size
    # Where a link leads concerns this machine alone.
    info.type = part.kind
    return info.tobuf(tarfile.PAX_FORMAT, errors="surrogateescape")


def _padding(size: int) -> int:
    return -size % tarfile.BLOCKSIZE


def relative(path: Path, root: Path) -> str:
    """Return a path below ``root`` with forward slashes."""
    return path.relative_to(root).as_posix()


def walk(root: Path) -> list[Path]:
    """Return the files and the empty folders below a folder in a fixed order, without hidden ones.

    Links are among them and not followed, as in a source that is read here. Raises `OSError` for a
    folder that cannot be opened.
    """

    def refuse(error: OSError) -> None:
        raise error

    paths: list[Path] = []
    for folder, folders, files in os.walk(root, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder)
        shown = sorted(name for name in files if not name.startswith("."))
        if here != root and not (folders or shown):
            paths.append(here)
        paths += [here / name for name in folders if (here / name).is_symlink()]
        paths += [here / name for name in shown]
    return paths
