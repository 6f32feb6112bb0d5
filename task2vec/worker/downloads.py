"""What was downloaded, kept by its hash as long as there is room."""

import os
import re
import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir, mkdtemp

from task2vec.errors import ServiceError, TooLargeError

_PREFIX = "task2vec-worker-"
#: As much as the largest data sets that servers take by default, with room for some more.
DEFAULT_BYTES = 16 * 2**30

# What a server says becomes a path here: nothing else of it may.
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,12}){1,2}")

#: Told of (bytes, bytes in all).
Progress = Callable[[int, int], None]
#: Opens a stream of bytes.
Fetch = Callable[[], AbstractContextManager[Iterable[bytes]]]


class Downloads:
    """Files in a temporary folder of this process, by SHA-256, at most ``most`` bytes together.

    The least recently used go first. `close` removes all.
    """

    def __init__(self, *, most: int = DEFAULT_BYTES) -> None:
        _sweep()
        self.folder = Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self._most = most
        self._sizes: dict[Path, int] = {}

    def get(
        self, digest: str, *, size: int | None, suffix: str, fetch: Fetch, progress: Progress
    ) -> Path:
        """Return the file with this SHA-256, fetched where it is not here yet.

        ``size`` is in bytes, where it is known; ``suffix`` says how the file is read.

        Raises:
            TooLargeError: when it does not fit.
            ServiceError: when what came is something else, or the digest or the suffix is none.
        """
        if not _DIGEST.fullmatch(digest) or not _SUFFIX.fullmatch(suffix):
            raise ServiceError(
                "The server names a file in a way that no server does",
                expected="a SHA-256 in hexadecimal, and an ending such as .zip",
                got=repr(f"{digest}{suffix}"[:100]),
            )
        path = self.folder / f"{digest}{suffix}"
        if path in self._sizes:
            # Once more at the end: the first are the least recently used.
            self._sizes[path] = self._sizes.pop(path)
            return path
        self._make_room(size or 0)
        partial = path.with_name(f"{path.name}.partial")
        try:
            found = self._receive(partial, fetch, size=size, progress=progress)
            if found != digest:
                raise ServiceError(
                    "A file was damaged on its way here", expected=f"SHA-256 {digest}", got=found
                )
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        self._sizes[path] = path.stat().st_size
        return path

    def close(self) -> None:
        """Remove all files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _receive(self, path: Path, fetch: Fetch, *, size: int | None, progress: Progress) -> str:
        digest, done = sha256(), 0
        with fetch() as chunks, path.open("wb") as file:
            for chunk in chunks:
                done += len(chunk)
                if done > self._most or (size is not None and done > size):
                    raise TooLargeError(
                        "A file is larger than it may be",
                        expected=f"at most {min(size or self._most, self._most):,} bytes",
                    )
                digest.update(chunk)
                file.write(chunk)
                progress(done, size or done)
        return digest.hexdigest()

    def _make_room(self, size: int) -> None:
        if size > self._most:
            raise TooLargeError(
                "A file does not fit in the room of this worker",
                expected=f"at most {self._most:,} bytes",
                got=f"{size:,}",
                remedy="Start the worker with a larger --cache-bytes.",
            )
        while self._sizes and sum(self._sizes.values()) + size > self._most:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            oldest.unlink(missing_ok=True)


def _sweep() -> None:
    """Remove the folders of workers that were killed; a process's number is in the name."""
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*-*"):
        with suppress(OSError, ValueError):
            owner = int(folder.name.removeprefix(_PREFIX).partition("-")[0])
            if folder.stat().st_uid == os.getuid() and not _runs(owner):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
