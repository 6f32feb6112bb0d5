"""Files that a client may send to a server to fill its memory or to hold it up.

Every maker takes the size that the file unpacks to, so that tests can send small ones by the same
means.
"""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hostile.case import good_files

_PIECE = 2**24


@dataclass(frozen=True)
class Member:
    """A member of a zip: its packed bytes, and what the directory says that they unpack to."""

    name: str
    packed: bytes
    method: int = zipfile.ZIP_STORED
    declared: int = 0
    crc: int = 0
    flags: int = 0

    @classmethod
    def honest(cls, name: str, data: bytes) -> "Member":
        """Return a member whose directory entry is right."""
        packed = _deflated(iter([data]))
        return cls(name, packed, zipfile.ZIP_DEFLATED, len(data), zlib.crc32(data))


def zip_of(members: list[Member]) -> bytes:
    """Return a zip with these members, whatever they declare."""
    body, directory = bytearray(), bytearray()
    for each in members:
        name = each.name.encode()
        about = struct.pack(
            "<5H3I2H",
            *(46, each.flags, each.method, 0, 33),
            *(each.crc, len(each.packed), each.declared),
            *(len(name), 0),
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 46) + about
        directory += struct.pack("<3H2I", 0, 0, 0, 0o644 << 16, len(body)) + name
        body += b"PK\x03\x04" + about + name + each.packed
    end = (len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + struct.pack("<2H2H2IH", 0, 0, *end))


def zeros(size: int, method: int) -> bytes:
    """Return ``size`` zeros packed as a member of a zip by deflate, bzip2 or LZMA."""
    pieces = _zeros(size)
    if method == zipfile.ZIP_DEFLATED:
        return _deflated(pieces)
    if method == zipfile.ZIP_BZIP2:
        packer = bz2.BZ2Compressor(9)
        return b"".join([*map(packer.compress, pieces), packer.flush()])
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 2**20}]
    alone = lzma.LZMACompressor(lzma.FORMAT_ALONE, filters=filters)
    data = b"".join([*map(alone.compress, pieces), alone.flush()])
    return struct.pack("<2BH", 9, 4, 5) + data[:5] + data[13:]


def images_with(*members: Member) -> bytes:
    """Return a zip of two classes of good images, and more members."""
    return zip_of([*(Member.honest(k, v) for k, v in good_files().items()), *members])


def lying_document(size: int, method: int, *, name: str = "labels.csv") -> bytes:
    """Return a zip of images whose document declares 1,000 bytes and unpacks to ``size``."""
    return images_with(Member(name, zeros(size, method), method, 1_000))


def lying_array(size: int, method: int) -> bytes:
    """Return an embedding's file whose header declares 1,000 bytes and unpacks to ``size``."""
    return zip_of([Member("header.npy", zeros(size, method), method, 1_000)])


def slow_images(size: int) -> bytes:
    """Return a sound tar.gz of images; its last member is ``size`` zeros, which take time."""
    start = io.BytesIO()
    archive = tarfile.open(fileobj=start, mode="w")  # noqa: SIM115
    for name, data in good_files().items():
        _add(archive, name, data)
    last = tarfile.TarInfo("notes.bin")
    last.size = size
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    pieces = (start.getvalue(), last.tobuf(), *_zeros(size), bytes(tarfile.RECORDSIZE))
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def digits_in_pax(digits: int) -> bytes:
    """Return a tar.gz whose extended header is one long number."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        _add(archive, "x", b"1" * digits, kind=tarfile.XHDTYPE)
        for name, data in good_files().items():
            _add(archive, name, data)
    return gzip.compress(target.getvalue(), mtime=0)


def many_extended_headers(count: int, size: int) -> bytes:
    """Return a tar.gz in which each of ``count`` headers extends the next one."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for _ in range(count):
            _add(archive, "x", b"1" * size, kind=tarfile.XHDTYPE)
        for name, data in good_files().items():
            _add(archive, name, data)
    return gzip.compress(target.getvalue(), mtime=0)


def long_list(length: int) -> bytes:
    """Return a Parquet table in which one row has ``length`` labels."""
    images = list(good_files().values())
    labels = pa.ListArray.from_arrays(
        pa.array([0, 1, 2, 3, 3 + length], type=pa.int32()),
        pa.array(np.concatenate([[0, 1, 0], np.zeros(length, dtype=np.int64)])),
    )
    target = io.BytesIO()
    pq.write_table(pa.table({"image": images, "labels": labels}), target, compression="zstd")
    return target.getvalue()


def short_lines(size: int) -> bytes:
    """Return a zip of images with a list of ``size`` bytes in short lines."""
    head = b"path,label\na/0.png,a\nb/0.png,b\n"
    return images_with(Member.honest("labels.csv", head + b"a,b\n" * (size // 4)))


def small_objects(size: int) -> bytes:
    """Return a zip of images with a JSON document of ``size`` bytes of small objects."""
    count = size // 3
    text = b'{"images":[' + b"{}," * count + b'{}],"annotations":[],"categories":[]}'
    return images_with(Member.honest("instances.json", text))


def _add(archive: tarfile.TarFile, name: str, data: bytes, *, kind: bytes = b"0") -> None:
    member = tarfile.TarInfo(name)
    member.size, member.type = len(data), kind
    archive.addfile(member, io.BytesIO(data))


def _deflated(pieces: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return b"".join([*map(packer.compress, pieces), packer.flush()])


def _zeros(size: int) -> Iterator[bytes]:
    piece = bytes(min(size, _PIECE))
    for start in range(0, size, _PIECE):
        yield piece[: size - start]
