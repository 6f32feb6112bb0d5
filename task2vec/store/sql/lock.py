"""One writer at a time, across processes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from task2vec.errors import StoreBusyError, StoreError


class WriteLock:
    """A lock on a file of the store's directory; it falls with the process that holds it.

    ``timeout`` is how many seconds a writer waits for its turn.
    """

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._lock = FileLock(path, timeout=timeout)
        # A lock on a file is waited for by asking now and then; threads of one process hand this
        # one on at once.
        self._turn = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            StoreBusyError: when it did not come free in time.
            StoreError: when the directory cannot be written.
        """
        if not self._turn.acquire(timeout=self._timeout):
            raise self._busy()
        try:
            self._acquire()
            try:
                yield
            finally:
                self._lock.release()
        finally:
            self._turn.release()

    @contextmanager
    def other_threads_waited_for(self) -> Iterator[None]:
        """Keep other threads of this process from taking the lock, once none holds it.

        After ``timeout`` seconds it goes on all the same. Other processes do as they like.
        """
        taken = self._turn.acquire(timeout=self._timeout)
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    def _acquire(self) -> None:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise self._busy() from error
        except OSError as error:
            raise unwritable(self._path.parent, error) from error

    def _busy(self) -> StoreBusyError:
        return StoreBusyError(
            f"Another process has been writing to {self._path.parent} for {self._timeout:g} s",
            remedy="Wait for it to finish and try again; a server that runs on this store is"
            " reached with `--url`.",
        )


def unwritable(directory: Path, error: OSError) -> StoreError:
    """Return the error for a store whose files cannot be created."""
    return StoreError(
        f"The store {directory} cannot be written",
        got=error.strerror or str(error),
        remedy="Check the permissions, or choose another directory with `--store`.",
    )
