"""A tar archive, compressed or not, read as a stream."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from task2vec.data.containers.archive_members import (
    GONE,
    add_file,
    bomb_error,
    check_members,
    damaged_error,
    expansion_limit,
    member_path,
)
from task2vec.data.containers.tree import Inventory, Tree
from task2vec.data.paths import not_opened
from task2vec.data.pixels.files import stamp
from task2vec.data.pixels.limits import MAX_IMAGE_BYTES
from task2vec.data.pixels.reader import Raw, UnreadableImageError
from task2vec.data.wording import printable

_DAMAGE = (
    *(tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError),
    RecursionError,
)

MAX_HEADER_BYTES = 64 * 2**10
"""Bytes of a member's header with all that extends it: a name takes 4 KiB at most, times and owners
take less. What lists the holes of a sparse file counts too."""

_MOST_DIGITS = 100
_NUMBER = re.compile(rb"\d+")
_FIELD = re.compile(rb"(\d{1,10}) [^=\n]+=")
_WITH_FIELDS = frozenset((tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE))
"""The types of headers that extend others by fields ``LENGTH KEY=VALUE``, each with a line end."""
_FOLLOWED = _WITH_FIELDS | {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_TYPE_AT = 156
_MOST_GLOBAL_FIELDS = 1000


@dataclass(frozen=True)
class TarReader:
    """Reads members of a tar archive in one pass; ``members`` maps keys to places.

    A place is the offset of a member's header and its name, which tells a changed archive.
    ``largest`` is the most bytes of a member.
    """

    path: Path
    source: str
    members: Mapping[str, tuple[int, str]]
    largest: int

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the members in the order of the archive, stopping after the last wanted one."""
        wanted = {self.members[key]: key for key in keys}
        stream = _stream(self.path, source=self.source, largest=self.largest)
        for archive, member in stream if wanted else ():
            key = wanted.pop((member.offset, member.name), None)
            if key is not None:
                yield key, self._contents(archive, member)
            if not wanted:
                return

    def _contents(self, archive: tarfile.TarFile, member: tarfile.TarInfo) -> Raw:
        if member.size > self.largest:
            return UnreadableImageError(f"larger than {self.largest // 2**20} MiB")
        with _damage_named(self.source):
            contents = archive.extractfile(member)
            return GONE if contents is None else contents.read()


def tar_tree(path: Path, *, source: str, largest: int) -> Tree:
    """List the files of a tar archive by passing over it once.

    ``largest`` is the most bytes of a document. Raises `SourceError` if it is damaged or absurdly
    large.
    """
    inventory = Inventory()
    members: dict[str, tuple[int, str]] = {}
    count = 0
    for _, member in _stream(path, source=source, largest=MAX_IMAGE_BYTES):
        count += 1
        check_members(count, source=source)
        key = member_path(printable(member.name), inventory=inventory)
        if key is None:
            continue
        if member.issym() or member.islnk():
            inventory.left_out["link, not followed"].append(key)
        elif member.isdir():
            inventory.folders.add(key)
        elif not member.isreg():
            inventory.left_out["neither file nor folder"].append(key)
        else:
            members[key] = member.offset, member.name
            add_file(key, stamp=f"{member.size}:{member.mtime}", inventory=inventory)
    images = {key: members[key] for key in inventory.images}
    papers = {key: members[key] for key in inventory.documents}
    return Tree(
        source,
        inventory,
        TarReader(path, source, images, MAX_IMAGE_BYTES),
        TarReader(path, source, papers, largest),
        # Two archives may agree in names, sizes and the coarse times of their members.
        clock=stamp(path.stat()),
    )


def _stream(
    path: Path, *, source: str, largest: int
) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    try:
        end = expansion_limit(path.stat().st_size)
        stream = _Stream(_unpacked(path), end=end, largest=largest, source=source)
    except OSError as error:
        raise not_opened(source, error) from error
    with stream:
        stream.begin_header()
        with _damage_named(source):
            archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115
        while True:
            stream.begin_header()
            with _damage_named(source):
                member = archive.next()
            stream.end_header()
            if member is None:
                break
            # Each member gets a copy of them.
            if len(archive.pax_headers) > _MOST_GLOBAL_FIELDS:
                raise damaged_error(source, got="too many fields for all members")
            yield archive, member
            # tarfile remembers every member, which would fill the memory.
            archive.members.clear()  # type: ignore[attr-defined]
        # tarfile takes the end of the file, and a header that it cannot read, for the end.
        if stream.last != bytes(tarfile.BLOCKSIZE):
            raise damaged_error(source, got="neither a member nor the mark of the end")


@contextmanager
def _damage_named(source: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise damaged_error(source, got=str(error)) from error


_DECOMPRESSORS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}


def _unpacked(path: Path) -> io.BufferedIOBase:
    """Open a file, whatever its name, through the decompressor that its first bytes call for."""
    with path.open("rb") as file:
        start = file.read(6)
    for magic, decompressor in _DECOMPRESSORS.items():
        if start.startswith(magic):
            return decompressor(path)
    return path.open("rb")


class _Stream(io.BufferedIOBase):
    """The unpacked bytes of a tar, read forwards in bounded pieces and to a bounded length.

    A hostile archive may declare a header of gigabytes, unpack without end, or point back into
    itself so that reading it never ends. Between `begin_header` and `end_header` at most
    `MAX_HEADER_BYTES` are read, and fields that tarfile can read in one pass.
    """

    def __init__(self, file: io.BufferedIOBase, *, end: int, largest: int, source: str) -> None:
        self._file = file
        self._largest = max(largest, MAX_IMAGE_BYTES)
        self._end = end
        self._source = source
        self._header_left: int | None = None
        self._type = b""
        self.last = b""

    def begin_header(self) -> None:
        self._header_left, self._type = MAX_HEADER_BYTES, b""

    def end_header(self) -> None:
        self._header_left = None

    def close(self) -> None:
        self._file.close()
        super().close()

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= self._largest:
            raise damaged_error(self._source, got=f"a part of {size} bytes")
        if self._header_left is not None:
            self._header_left -= size
            if self._header_left < 0:
                raise damaged_error(
                    self._source, got=f"a header of more than {MAX_HEADER_BYTES // 1024} KiB"
                )
        self.last = self._file.read(size)
        self._check(self.tell())
        if self._header_left is not None:
            self._follow()
        return self.last

    def _follow(self) -> None:
        """Note the type of the header that was read, or check the fields that came after one."""
        if self._type in _WITH_FIELDS:
            _check_fields(self.last, source=self._source)
        elif self._type == tarfile.GNUTYPE_SPARSE:
            # Lists of holes come until the header ends.
            return
        follows = self._type in _FOLLOWED
        self._type = b"" if follows else self.last[_TYPE_AT : _TYPE_AT + 1]

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        if whence != io.SEEK_SET or position < self.tell() - tarfile.BLOCKSIZE:
            raise damaged_error(self._source, got="a member that begins before the last one")
        self._check(position)
        return self._file.seek(position)

    def _check(self, position: int) -> None:
        if position > self._end:
            raise bomb_error(self._source)


def _check_fields(data: bytes, *, source: str) -> None:
    """Raise `SourceError` for fields over which tarfile would take very long.

    Old versions look for a field in a time that grows with the square of the longest number
    (CVE-2024-6232) and hold the interpreter's lock meanwhile; all versions read the same bytes
    again and again where the lengths of fields say so.
    """
    position = 0
    while position < len(data) and data[position]:
        field = _FIELD.match(data, position)
        length = 0 if field is None else int(field[1])
        end = position + length
        if field is None or end <= field.end() or data[end - 1 : end] != b"\n":
            raise damaged_error(source, got="a header with fields of a wrong length")
        position += length
    longest = max((len(number[0]) for number in _NUMBER.finditer(data)), default=0)
    if longest > _MOST_DIGITS:
        raise damaged_error(source, got=f"a header with a number of {longest:,} digits")
