"""Archives made in memory, of every kind that is read."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

Png = Callable[[int], bytes]
Files = Mapping[str, bytes]

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".tar": bytes,
    ".tar.gz": gzip.compress,
    ".tgz": gzip.compress,
    ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}
KINDS = [".zip", *PACKERS]


def tar_bytes(files: Files, *extra: tarfile.TarInfo) -> bytes:
    """Return a tar archive of files, and of members that have no contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in extra:
            tar.addfile(member)
    return buffer.getvalue()


def zip_bytes(files: Files) -> bytes:
    """Return a compressed zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def pack(path: Path, files: Files) -> Path:
    """Write an archive of the kind that its name says."""
    suffix = "".join(path.suffixes)
    data = zip_bytes(files) if suffix == ".zip" else PACKERS[suffix](tar_bytes(files))
    path.write_bytes(data)
    return path
