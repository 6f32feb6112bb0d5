"""Archives made of given files."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path


def pack_files(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a ``.zip`` or ``.tar`` archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in files.items():
                packed.writestr(name, data)
    else:
        with tarfile.open(path, "w") as tar:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return path
