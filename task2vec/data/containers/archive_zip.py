"""A zip archive, read member by member."""

import io
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
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
from task2vec.data.containers.zip_members import open_member, unread_method
from task2vec.data.paths import not_opened
from task2vec.data.pixels.limits import MAX_DIRECTORY_BYTES, MAX_IMAGE_BYTES
from task2vec.data.pixels.reader import DamagedMemberError, Raw, UnreadableImageError

_ENCRYPTED = 0x1
_MADE_ON_DOS = 0


@dataclass(frozen=True)
class ZipReader:
    """Reads members of a zip archive; ``members`` maps keys to their names in the archive.

    ``largest`` is the most bytes of a member.
    """

    path: Path
    source: str
    members: Mapping[str, str]
    largest: int

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the members in the order in which they lie in the file."""
        with open_zip(self.path, source=self.source) as archive:
            infos = {}
            for key in keys:
                try:
                    infos[key] = archive.getinfo(self.members[key])
                except KeyError:
                    yield key, GONE
            for key, info in sorted(infos.items(), key=lambda pair: pair[1].header_offset):
                yield key, _member(archive, info, largest=self.largest)


def zip_tree(path: Path, *, source: str, largest: int) -> Tree:
    """List the files of a zip archive from its directory.

    ``largest`` is the most bytes of a document. Raises `SourceError` if it is damaged or absurdly
    large.
    """
    inventory = Inventory()
    members: dict[str, zipfile.ZipInfo] = {}
    with open_zip(path, source=source) as archive:
        infos = archive.infolist()
    for info in infos:
        # Some old Windows tools wrote their own separator against the specification.
        dos = info.create_system == _MADE_ON_DOS
        plain = info.filename.replace("\\", "/") if dos else info.filename
        key = member_path(plain, inventory=inventory)
        if key is None:
            continue
        kind = stat.S_IFMT(info.external_attr >> 16)
        if stat.S_ISLNK(kind):
            inventory.left_out["link, not followed"].append(key)
        elif plain.endswith("/"):
            inventory.folders.add(key)
        elif kind not in (0, stat.S_IFREG):
            inventory.left_out["neither file nor folder"].append(key)
        else:
            members[key] = info
            add_file(key, stamp=f"{info.file_size}:{info.CRC:08x}", inventory=inventory)
    for key, info in members.items():
        # A document keeps its place: where it is needed, the error must name it.
        if key in inventory.images and (why := _why_unreadable(info)) is not None:
            del inventory.images[key]
            inventory.left_out[why].append(key)
    images = {key: members[key].filename for key in inventory.images}
    papers = {key: members[key].filename for key in inventory.documents}
    return Tree(
        source,
        inventory,
        ZipReader(path, source, images, MAX_IMAGE_BYTES),
        ZipReader(path, source, papers, largest),
    )


class _BoundedFile(io.BufferedReader):
    """A file that refuses to be read in absurdly large pieces: zipfile reads its directory so."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its directory is too large")
        return super().read(size)


@contextmanager
def open_zip(path: Path, *, source: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip file; raises `SourceError` if it is damaged or absurdly large."""
    try:
        file = _BoundedFile(io.FileIO(path))
    except OSError as error:
        raise not_opened(source, error) from error
    with file:
        try:
            archive = zipfile.ZipFile(file)
        # A damaged directory also shows as struct.error, ValueError, NotImplementedError, ...
        except Exception as error:
            raise damaged_error(source, got=str(error)) from error
        with archive:
            infos = archive.infolist()
            check_members(len(infos), source=source)
            if sum(info.file_size for info in infos) > expansion_limit(path.stat().st_size):
                raise bomb_error(source)
            yield archive


def _why_unreadable(info: zipfile.ZipInfo) -> str | None:
    """Return why the contents cannot be read, as the directory shows; None where they can."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted: pack it again without a password"
    return unread_method(info)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, *, largest: int) -> Raw:
    why = _why_unreadable(info)
    if why is not None:
        return DamagedMemberError(why)
    if info.file_size > largest:
        return UnreadableImageError(f"larger than {largest // 2**20} MiB")
    try:
        with open_member(archive, info) as member:
            return member.read()
    # Each method of compression has its own errors.
    except Exception as error:
        return DamagedMemberError(f"damaged in the archive: {error}")
