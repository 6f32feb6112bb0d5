"""Files that appear whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write a file to, which takes its name when the block ends.

    It is on the disk by then. Where anything fails, what ``path`` was before is there as it was,
    and nothing else is left. Several may write at once: the last one stays. Raises `OSError` when
    the place cannot be written.
    """
    # The number of the process comes last but one: whoever sweeps up after the killed looks there.
    partial = path.with_name(f".{secrets.token_hex(8)}.{os.getpid()}.partial")
    try:
        yield partial
        # Some systems sync only what was opened for writing.
        with partial.open("r+b") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        # Where nothing could be written, there may be nothing that can be removed.
        with suppress(OSError):
            partial.unlink()
