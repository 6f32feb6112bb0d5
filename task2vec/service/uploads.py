"""Files on their way into the store: written beside it, whole or not at all."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from task2vec.atomic_file import make_folder, move_durably
from task2vec.errors import StoreError, StoreFullError, TooLargeError
from task2vec.service.workspace import Workspace

_FOLDER = "uploads"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def disk_failures() -> Iterator[None]:
    """Raise errors that name no path instead of the operating system's.

    Raises:
        StoreFullError: when the disk, or the share of it that may be used, is full.
        StoreError: when it failed otherwise.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFullError(
                "The disk of the store is full",
                remedy="Make room there and try again; nothing was kept of this.",
            ) from error
        raise StoreError(
            "The store's files cannot be written",
            got=error.strerror or type(error).__name__,
            remedy="Check the disk and the permissions of the store.",
        ) from error


class Upload:
    """A file that grows by `write`, with the SHA-256 of its bytes at hand.

    Leaving it as a context manager removes what was not moved away. It lies on the store's own
    disk, so that moving it into place takes no copy.
    """

    def __init__(self, path: Path, *, largest: int) -> None:
        self.path = path
        self._largest = largest
        self._digest = sha256()
        self._bytes = 0
        with disk_failures():
            make_folder(path.parent)
            # 0600: what somebody sent is nobody else's on this machine to read.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return self._bytes

    @property
    def sha256(self) -> str:
        """Of the bytes written so far, in order; `rewrite` does not count."""
        return self._digest.hexdigest()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append.

        Raises:
            TooLargeError: beyond the largest size, before the disk is touched.
            StoreFullError: when the disk is full.
        """
        if self._bytes + len(data) > self._largest:
            raise TooLargeError(
                "This is more than the server takes at once",
                expected=f"at most {self._largest:,} bytes",
                remedy="Send fewer or smaller images: some hundreds are enough to embed a task.",
            )
        self._digest.update(data)
        self._bytes += len(data)
        view = memoryview(data)
        with disk_failures():
            while view:
                view = view[os.write(self._file, view) :]

    def rewrite(self, data: bytes, *, at: int) -> None:
        """Replace bytes that were written before."""
        with disk_failures():
            os.pwrite(self._file, data, at)

    def close(self) -> None:
        """Bring the bytes to disk. Raises `StoreFullError` when it is full."""
        if self._file < 0:
            return
        file, self._file = self._file, -1
        with disk_failures():
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file >= 0:
            with suppress(OSError):
                os.close(self._file)
            self._file = -1
        self.path.unlink(missing_ok=True)


def begin_upload(workspace: Workspace, *, largest: int, suffix: str = ".partial") -> Upload:
    """Open a new file of at most ``largest`` bytes beside the store."""
    return Upload(workspace.path / _FOLDER / f"{secrets.token_hex(8)}{suffix}", largest=largest)


def sweep_uploads(workspace: Workspace) -> int:
    """Remove what a killed server left half received; return how many files.

    Only for the start of the one process that owns the store: it would take away from others.
    """
    folder = workspace.path / _FOLDER
    partial = list(folder.iterdir()) if folder.is_dir() else []
    for path in partial:
        path.unlink(missing_ok=True)
    return len(partial)


def move_into_place(path: Path, target: Path) -> None:
    """Move a file whose bytes are on disk, durably. Raises `StoreFullError`, `StoreError`."""
    with disk_failures():
        move_durably(path, target)
