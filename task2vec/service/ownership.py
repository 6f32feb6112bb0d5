"""While a server runs, only it opens the store: who owns it, and how others find the server."""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from task2vec.atomic_file import atomic_file, make_folder
from task2vec.errors import StoreError, StoreOwnedError

_LOCK = "server.lock"
_CARD = "server.json"
# A process that only asks holds the lock for a moment: a starting server tries again.
_PATIENCE = 2.0


@dataclass(frozen=True)
class Server:
    """The server that owns a store; ``started`` is in seconds since 1970."""

    url: str | None
    pid: int
    started: float


class Ownership:
    """The right of one process to be the store's server; it falls with the process.

    Use it as a context manager. Entering raises `StoreOwnedError` while another server runs.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path / _LOCK)

    def announce(self, url: str) -> None:
        """Tell other processes where the server answers."""
        card = Server(url=url, pid=os.getpid(), started=time.time())
        with atomic_file(self._path / _CARD) as partial:
            partial.write_text(json.dumps(asdict(card)), encoding="utf-8")

    def __enter__(self) -> Self:
        try:
            make_folder(self._path)
            self._lock.acquire(timeout=_PATIENCE)
        except Timeout as error:
            raise _owned(self._path) from error
        except OSError as error:
            raise StoreError(
                f"The store {self._path} cannot be written",
                got=error.strerror or str(error),
                remedy="Check the permissions, or choose another directory with `--store`.",
            ) from error
        (self._path / _CARD).unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        (self._path / _CARD).unlink(missing_ok=True)
        self._lock.release()


def server_of(path: Path) -> Server | None:
    """Return the server that owns the store in the directory ``path``, None when none runs."""
    lock = path / _LOCK
    if not lock.exists():
        return None
    try:
        with FileLock(lock, timeout=0):
            return None
    except Timeout:
        return _card(path)
    except OSError:
        # A store that may only be read: nobody can tell, and reading does no harm.
        return None


def check_not_owned(path: Path) -> None:
    """Raise `StoreOwnedError` when a server works on the store in the directory ``path``."""
    if server_of(path) is not None:
        raise _owned(path)


def _card(path: Path) -> Server:
    try:
        return Server(**json.loads((path / _CARD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        # It has only just begun, or is about to end.
        return Server(url=None, pid=0, started=0.0)


def _owned(path: Path) -> StoreOwnedError:
    server = _card(path)
    where = f" (process {server.pid})" if server.pid else ""
    url = server.url or "URL"
    return StoreOwnedError(
        f"A server{where} works on the store {path}",
        remedy=f"Talk to it with `--url {url}`, in Python with "
        f"`task2vec.Client({json.dumps(url)})`, or stop it first.",
    )
