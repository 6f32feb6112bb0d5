"""Small sources that would fill the memory or never end."""

import gzip
import io
import lzma
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from packed import zip_bytes

from hostile.case import Case, encoded, good_files, put

Make = Callable[[], bytes]


def bombs() -> Iterator[Case]:
    """Yield every bomb; each is made when it is written, since some take memory to make."""
    for name, make in _FILES.items():
        yield Case("bomb", name, lambda folder, name=name, make=make: _file(folder, name, make))
    for name, make in _MEMBERS.items():
        called = f"folder with {name}"
        yield Case("bomb", called, lambda folder, name=name, make=make: _set(folder, name, make))


def _file(folder: Path, name: str, make: Make) -> Path:
    return put(folder, {name: make()}) / name


def _set(folder: Path, name: str, make: Make) -> Path:
    return put(folder / "set", {**good_files(), name: make()})


def png_bomb(width: int, height: int, rows: int = 0) -> bytes:
    """Return a PNG that claims many pixels and holds ``rows`` of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes((width * 3 + 1) * rows), 9))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def _aliases() -> bytes:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{','.join([f'*{last}'] * 9)}]")
    return "\n".join([*lines, "names: *i"]).encode()


def _bitmap() -> bytes:
    header = struct.pack("<3I", 54, 0, 54) + struct.pack("<I2i", 40, 2**30, 2**30)
    return b"BM" + header + bytes(60)


def _array(kind: str) -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (999999999999, 999, 999), }}"
    header = np.lib.format.magic(1, 0) + struct.pack("<H", 118)
    array = header + text.ljust(117).encode() + b"\n"
    return zip_bytes({"images.npy": array, "labels.npy": array})


def _one_value(column: str) -> bytes:
    """Return a table that holds one value of 2 MB once and refers to it in 400 rows."""
    rows, value = 400, b"x" * 2_000_000
    if column == "image":
        return _parquet({"image": [value] * rows, "label": ["a", "b"] * (rows // 2)})
    return _parquet({"image": [b""] * rows, "label": [value.decode()] * rows})


def _parquet(columns: dict[str, object]) -> bytes:
    buffer = io.BytesIO()
    limits = {"dictionary_pagesize_limit": 2**30, "write_statistics": False}
    pq.write_table(pa.table(columns), buffer, compression="zstd", **limits)
    return buffer.getvalue()


def _rows() -> bytes:
    labels = pa.array(np.zeros(3_000_000, dtype=np.int64))
    return _parquet({"image": pa.array([b""] * 3_000_000), "label": labels})


def _zeros(size: int) -> bytes:
    return _tar_header("b/0.png", 4 * 2**30) + bytes(size)


def _tar_header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def _overlapping() -> bytes:
    """Return a zip whose entries all share one body (Fifield 2019, "A better zip bomb")."""
    body = zip_bytes({"b/0.png": bytes(2**22)})
    start = body.index(b"PK\x01\x02")
    end = body.index(b"PK\x05\x06")
    entry, count = body[start:end], 2000
    entries = b"".join(entry.replace(b"b/0.png", b"b/%04d" % n + b"g", 1) for n in range(count))
    last = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, len(entries), start, 0)
    return body[:start] + entries + last


_FILES: dict[str, Make] = {
    "zeros.zip": lambda: zip_bytes({"a/0.png": encoded(1), "b/0.png": bytes(2**30)}),
    "many.zip": lambda: zip_bytes({f"{'ab'[n % 2]}/{n}.png": b"" for n in range(50_000)}),
    "overlap.zip": _overlapping,
    "zeros.tar.gz": lambda: gzip.compress(_zeros(2**28)) * 5,
    "zeros.tar.xz": lambda: lzma.compress(_zeros(2**28), preset=1) * 5,
    "negative.tar": lambda: _tar_header("a/0.png", 0).replace(b"0" * 11 + b"\0", b"\xff" * 12, 1),
    "pax.tar": lambda: _tar_header("x", 2**33 - 1, kind=b"x"),
    "array.npz": lambda: _array("|u1"),
    "object.npz": lambda: _array("|O"),
    "image.parquet": lambda: _one_value("image"),
    "label.parquet": lambda: _one_value("label"),
    "rows.parquet": _rows,
    "aliases.yaml": _aliases,
    "deep.yaml": lambda: b"names: " + b"[" * 100_000,
    "deep.json": lambda: b'{"a":' * 200_000,
    "digits.json": lambda: b'{"images": [' + b"9" * 100_000 + b"]}",
    "deep.jsonl": lambda: b"[" * 2_000_000,
    "wide.csv": lambda: b"path,label" + b",x" * 500_000 + b"\n",
}
_MEMBERS: dict[str, Make] = {
    "b/wide.png": lambda: png_bomb(2**31 - 1, 2**31 - 1),
    "b/large.png": lambda: png_bomb(9_000, 9_000, 9_000),
    "b/flat.png": lambda: png_bomb(60_000, 1_300, 1_300),
    "b/nested.zip": lambda: zip_bytes({"i.zip": zip_bytes({"zeros.png": bytes(10**7)})}),
    "b/page.gif": lambda: b"GIF89a" + struct.pack("<2H", 65535, 65535) + bytes(32),
    "b/strip.tiff": lambda: b"II*\0\x08\0\0\0" + b"\xff" * 512,
    "b/pixels.ppm": lambda: b"P6 99999999 99999999 255\n",
    "b/digits.ppm": lambda: b"P6 " + b"9" * 1_000_000,
    "b/line.bmp": _bitmap,
    "data.yaml": _aliases,
    "annotations/instances.json": lambda: b"[" * 1_000_000,
    "instances.json": lambda: b'{"images": [' + b"{}," * 10_000_000 + b"{}]",
    "labels.csv": lambda: b'path,label\n"' + b"x" * 5_000_000,
    "labels.txt": lambda: b"x " * 1_000_000,
}
