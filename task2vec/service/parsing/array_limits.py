"""What an archive of arrays may take of memory, told before anything is read."""

import zipfile
from pathlib import Path

from task2vec.errors import SourceError, TooLargeError

MAX_SENT_ARRAY_BYTES = 2**28
"""Bytes of the arrays of an ``.npz`` that somebody sent: listing it holds them in the memory of
the server, whose other requests need some too."""

_MAX_ARRAYS = 64


def check_arrays(path: Path, *, largest: int = MAX_SENT_ARRAY_BYTES) -> None:
    """Raise `TooLargeError` for an ``.npz`` that unpacks to more than ``largest`` bytes.

    Raises `SourceError` for what is no such archive. A member never unpacks to more than its size
    in the directory, since reading stops there.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    # zipfile tells of damage by BadZipFile, struct.error, UnicodeDecodeError, ...
    except Exception as error:
        raise SourceError("This is no archive of NumPy arrays", got=str(error)) from error
    total = sum(member.file_size for member in members)
    if total > largest or len(members) > _MAX_ARRAYS:
        raise TooLargeError(
            "The arrays are too large to be sent",
            expected=f"at most {_MAX_ARRAYS} arrays of {largest:,} bytes together",
            got=f"{len(members)} arrays of {total:,} bytes",
            remedy="Send fewer images, or pack them as image files into a .zip or .tar.",
        )
