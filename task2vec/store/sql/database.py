"""The database file: who may read it, and the one connection that writes to it."""

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    QueuePool,
    Row,
    Select,
    create_engine,
    event,
)

from task2vec.atomic_file import atomic_file, make_folder, sync_folder, writable
from task2vec.errors import StoreError
from task2vec.store.sql.checksums import FUNCTION, checksum
from task2vec.store.sql.failures import in_our_words
from task2vec.store.sql.lock import WriteLock
from task2vec.store.sql.requests import note_written

_BUSY_SECONDS = 10.0
_AT_ONCE = 500


class Database:
    """Read and write transactions on one SQLite file.

    Readers see the last commit and never wait. Writers wait for the lock first, so that a single
    connection at a time writes and checkpoints: SQLite before 3.51.3 may lose pages of its log
    otherwise.
    """

    def __init__(self, path: Path, *, lock: WriteLock) -> None:
        self.path = path
        self._lock = lock
        self._file: tuple[int, int] | None = None
        self._closed = False
        self._reader = _engine(
            lambda: _connect(path, mode=_reading_mode(path)), begin="BEGIN", size=5
        )
        event.listen(self._reader, "connect", _only_query)
        self._writer = _engine(
            lambda: _connect(path, mode="mode=rwc"), begin="BEGIN IMMEDIATE", size=1
        )
        event.listen(self._writer, "connect", _write_durably)

    def pin(self) -> None:
        """From here on take no other file for this one; call it when the file is in order."""
        self._file = _identity(self.path)

    def check_in_place(self) -> None:
        """Raise `StoreError` when the file was removed or replaced since `pin`.

        Open connections would go on writing to what nobody can open again.
        """
        if self._file is not None and _identity(self.path) != self._file:
            raise StoreError(
                f"The database {self.path} was removed or replaced while it was open",
                remedy="Put it back and start again.",
            )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a snapshot: one transaction that sees no later commit."""
        with in_our_words(self.path), self._reader.connect() as connection:
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                # A query that was not read to its end holds its snapshot for as long as the error
                # is kept: the next reader must not get that.
                connection.invalidate()
                raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that is on disk when this returns, and undone when it raises.

        Raises:
            StoreBusyError: when somebody else kept writing.
            StoreError: when the database failed, is no longer where it was, or was closed.
        """
        # Before the lock, whose file would be made anew, and before the commit.
        self.check_in_place()
        with self._lock.held(), in_our_words(self.path):
            # With the lock: `close` may have been waiting for it.
            if self._closed:
                raise closed(self.path.parent)
            with self._writer.begin() as connection:
                yield connection
                note_written(connection)
                self.check_in_place()

    @contextmanager
    def alone(self) -> Iterator[sqlite3.Connection]:
        """Open the file outside of any transaction, with the lock held, to set its journal."""
        with self._lock.held(), in_our_words(self.path):
            connection = _connect(self.path, mode="mode=rwc")
            try:
                yield connection
            finally:
                connection.close()

    def copy(self, target: Path) -> None:
        """Copy what was last committed to a file, which appears whole or not at all.

        Raises:
            InputError: when the file cannot be written.
            StoreError: when the database failed.
        """
        remedy = "Nothing was changed. Make room, or check the permissions."
        with writable("A copy of the database", target, remedy=remedy):
            make_folder(target.parent)
            with atomic_file(target) as partial, self.read() as connection:
                source = connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)
                with closing(sqlite3.connect(partial)) as copy:
                    source.backup(copy)
            sync_folder(target.parent)

    def close(self) -> None:
        """Close every connection; a transaction that is being written is waited for.

        Closing gives the database up to others, whose work no late thread may overwrite.
        """
        with self._lock.other_threads_waited_for():
            self._closed = True
        self._reader.dispose()
        self._writer.dispose()


def rows_with_any(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], values: Iterable[Any]
) -> Iterator[Row[Any]]:
    """Yield the rows of a query that have one of many values in a column, part by part.

    Databases bound the number of parameters of a statement.
    """
    wanted = list(dict.fromkeys(values))
    for first in range(0, len(wanted), _AT_ONCE):
        yield from connection.execute(query.where(column.in_(wanted[first : first + _AT_ONCE])))


def closed(store: Path) -> StoreError:
    """Return the error for a store that is used after it was closed."""
    return StoreError(f"The store {store} was closed", remedy="Open it again.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _engine(connect: Callable[[], sqlite3.Connection], *, begin: str, size: int) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=size)

    # Python's sqlite3 would open transactions on its own, late and never for a read; with
    # isolation_level None (see `_connect`) they begin exactly where SQLAlchemy's do.
    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _reading_mode(path: Path) -> str:
    effective = os.access in os.supports_effective_ids
    if all(os.access(p, os.W_OK, effective_ids=effective) for p in (path, path.parent)):
        return "mode=rw"
    # A reader of a database with a write-ahead log takes part in its bookkeeping in two files
    # beside it. Where they exist they can be read; where not, and we may not create them, nobody
    # is writing, and the file can be read as it lies.
    in_use = path.with_name(path.name + "-wal").exists()
    return "mode=ro" if in_use else "mode=ro&immutable=1"


def _only_query(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _write_durably(connection: sqlite3.Connection, _: object) -> None:
    connection.create_function(FUNCTION, -1, checksum, deterministic=True)
    # NORMAL would be ten times faster and lose acknowledged commits when the power fails.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
