"""The contents of one member of a zip archive, unpacked piece by piece.

`zipfile` unpacks a whole piece of packed bytes at once for bzip2 and LZMA, and up to 2 GiB for
deflate, before it looks at the size that the directory declares. Here a piece is 64 KiB at most,
and a member that goes on beyond its declared size is an error.
"""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_PIECE = 2**16
_MOST_DICTIONARY = 128 * 2**20
"""Bytes that LZMA may hold: the strongest preset takes 65 MB."""


def open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> io.BufferedReader:
    """Open a member of an open archive, to be read forwards.

    Raises `zipfile.BadZipFile`, as reading does: for a method that is not read, for data that is
    damaged, cut off or longer than declared, and for a wrong checksum. The errors of the
    decompressors pass through.
    """
    if (why := unread_method(info)) is not None:
        raise zipfile.BadZipFile(why)
    return io.BufferedReader(_Member(archive, info), _PIECE)


class _Member(io.RawIOBase):
    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        packed = copy(info)
        packed.compress_type = zipfile.ZIP_STORED
        packed.file_size = info.compress_size
        # The checksum is of the unpacked bytes: zipfile compares none where there is none.
        del packed.CRC
        self._file = archive.open(packed)
        self._pieces = _METHODS[info.compress_type](self._file)
        self._info = info
        self._rest = memoryview(b"")
        self._size = self._crc = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                self._check_end()
                return 0
            self._size += len(piece)
            if self._size > self._info.file_size:
                raise zipfile.BadZipFile("it unpacks to more than its declared size")
            self._crc = zlib.crc32(piece, self._crc)
            self._rest = memoryview(piece)
        target = memoryview(buffer)
        taken = self._rest[: len(target)]
        target[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def readall(self) -> bytes:
        # By pieces of this size: the one inherited takes an eighth of it at a time.
        return b"".join(iter(lambda: self.read(_PIECE) or b"", b""))

    def _check_end(self) -> None:
        if self._size < self._info.file_size:
            raise zipfile.BadZipFile("it ends before its declared size")
        if self._crc != self._info.CRC:
            raise zipfile.BadZipFile("Bad CRC-32 of its contents")

    def close(self) -> None:
        self._file.close()
        super().close()


def _stored(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or file.read(_PIECE)
        if not packed:
            break
        yield unpacker.decompress(packed, _PIECE)
    # Of what was taken in, a few last symbols may not have come out.
    yield unpacker.flush()


def _bzip2(file: IO[bytes]) -> Iterator[bytes]:
    yield from _unpacked(bz2.BZ2Decompressor(), file, b"")


def _lzma(file: IO[bytes]) -> Iterator[bytes]:
    about = file.read(4)
    size = struct.unpack("<2xH", about)[0] if len(about) == 4 else 0
    if size != 5:
        raise zipfile.BadZipFile("its LZMA properties are damaged")
    # The properties of a zip lack the size that begins a file of LZMA's own; -1 is none.
    start = file.read(size) + b"\xff" * 8
    unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_MOST_DICTIONARY)
    yield from _unpacked(unpacker, file, start)


def _unpacked(unpacker: Any, file: IO[bytes], packed: bytes) -> Iterator[bytes]:
    """Yield what a decompressor makes of ``packed`` and the rest of the file."""
    while not unpacker.eof:
        if unpacker.needs_input:
            packed = packed or file.read(_PIECE)
            if not packed:
                return
        yield unpacker.decompress(packed, _PIECE)
        packed = b""


_METHODS: dict[int, Callable[[IO[bytes]], Iterator[bytes]]] = {
    zipfile.ZIP_STORED: _stored,
    zipfile.ZIP_DEFLATED: _inflated,
    zipfile.ZIP_BZIP2: _bzip2,
    zipfile.ZIP_LZMA: _lzma,
}
# Methods that other programs use, by their numbers in a zip.
_NOT_READ = {9: "deflate64", 93: "zstd", 95: "xz", 98: "PPMd"}


def unread_method(info: zipfile.ZipInfo) -> str | None:
    """Return what is wrong with a member's method of compression; None where it is read."""
    if info.compress_type in _METHODS:
        return None
    method = _NOT_READ.get(info.compress_type, f"method {info.compress_type}")
    return f"packed by {method}: pack it again by store or deflate"
