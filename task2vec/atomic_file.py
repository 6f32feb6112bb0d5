"""Files that appear whole or not at all."""

import errno
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from task2vec.errors import InputError

_REMEDY = "Name a folder that exists and is writable."
RAISE_LIMIT = "Raise the limit with `ulimit -f unlimited`, and try again."
_FULL = "Make room on its disk and try again, or name a folder on another one."
#: What helps where it is not the folder that is to blame.
_REMEDIES = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EFBIG: RAISE_LIMIT}
_PARTIAL = re.compile(r"\.[0-9a-f]{16}\.[0-9]+\.partial")
#: Seconds after which nobody writes to a partial file any more. The number of its process does not
#: tell: that may be one of another machine or container that shares the folder.
_STALE = 24 * 3600.0


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Give a place beside ``path`` to write a file to, which takes its name when the block ends.

    It is on the disk by then. Where anything fails, what ``path`` was before is there as it was,
    and nothing else is left. Several may write at once: the last one stays. What a process that
    was killed had half written beside it goes with the next write a day later. Raises `OSError`
    when the place cannot be written.
    """
    partial = _beside(path)
    try:
        yield partial
        # Some systems sync only what was opened for writing.
        with partial.open("r+b") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        _sweep(path.parent)
    finally:
        # Where nothing could be written, there may be nothing that can be removed.
        with suppress(OSError):
            partial.unlink()


def is_partial(path: Path) -> bool:
    """Return whether a file is one that `atomic_file` had not finished, by its name."""
    return _PARTIAL.fullmatch(path.name) is not None


def check_place(path: Path) -> None:
    """Raise `OSError` where `atomic_file` could not put a file: before the work that would fill it.

    Only writing tells whether it will be allowed; what is written for that is removed.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    partial = _beside(path)
    try:
        partial.touch(exist_ok=False)
    finally:
        with suppress(OSError):
            partial.unlink()


def move_durably(path: Path, target: Path) -> None:
    """Move a file whose bytes are on disk; the move is on disk when this returns.

    Folders that are missing are made. Raises `OSError`.
    """
    make_folder(target.parent)
    path.replace(target)
    sync_folder(target.parent)


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder, with the parents that it lacks; it is on disk when this returns.

    ``mode`` is for the folder itself. Raises `OSError`.
    """
    missing = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    for folder in reversed(missing):
        folder.mkdir(mode=mode if folder == path else 0o777, exist_ok=True)
        # A folder is an entry of its parent: until that is on disk, a failure of the power takes
        # the folder away with all that was synced in it.
        sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Bring a folder's entries to disk. Raises `OSError`."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def writable(what: str, path: Path, *, remedy: str = _REMEDY) -> Iterator[None]:
    """Raise `InputError`, that ``what`` cannot be written there, in place of `OSError`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{what} cannot be written to {path}",
            got=error.strerror or str(error),
            remedy=_REMEDIES.get(error.errno or 0, remedy),
        ) from error


def file_limit() -> int | None:
    """Return the most bytes that a file of this process may have; None without a limit."""
    try:
        import resource
    except ImportError:
        # Not on Windows.
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return None if limit == resource.RLIM_INFINITY else limit


def _sweep(folder: Path) -> None:
    # The file is there: that an old one cannot be removed is no reason to fail.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if (
                is_partial(Path(entry.name))
                and time.time() - entry.stat(follow_symlinks=False).st_mtime > _STALE
            ):
                Path(entry.path).unlink()


def _beside(path: Path) -> Path:
    # The number of the process comes last but one: `_sweep` looks there for killed processes.
    return path.with_name(f".{secrets.token_hex(8)}.{os.getpid()}.partial")
