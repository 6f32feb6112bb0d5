"""The failures of the database, in our words."""

import re
import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from task2vec.atomic_file import RAISE_LIMIT, file_limit
from task2vec.errors import (
    SettingError,
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
)
from task2vec.store.sql.checksums import RESTORE

_LITTLE = 1 << 20
# All statements are ours: where SQLite does not know a name in one, the schema lost that name.
_UNKNOWN_NAME = re.compile(r"no such |has no column named |wrong number of arguments |ON CONFLICT ")
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_UNREACHABLE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """Raise errors that say what to do instead of the database's own.

    Raises:
        StoreError: when the database failed.
        SettingError: for text that is no Unicode, or a number that the database cannot hold.
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy(path) from error
    except StatementError as error:
        raise _translated(error.orig, path) from error
    except sqlite3.Error as error:
        raise _translated(error, path) from error
    except UnicodeDecodeError as error:
        # From Python's `sqlite3`: SQLite's message quotes a damaged schema, which is no UTF-8.
        raise _damaged(path, error.object.decode(errors="backslashreplace")) from error
    except (UnicodeEncodeError, OverflowError) as error:
        # From binding a parameter. Arguments of a command that are no UTF-8 get this far.
        raise SettingError(
            "This value cannot be looked up or stored",
            expected="valid Unicode, and integers below 2^63",
            got=str(error),
        ) from error


def _translated(error: BaseException | None, path: Path) -> StoreError:
    # The low byte is the primary code, what is above it refines it.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if "Could not decode to UTF-8" in str(error):
        return StoreCorruptError(
            f"A row of the database {path} is damaged", got=str(error), remedy=RESTORE
        )
    if code in _DAMAGED:
        return _damaged(path, str(error))
    if code in _BUSY:
        return _busy(path)
    if code in _UNREACHABLE:
        return StoreError(
            f"The database {path} cannot be opened",
            got=str(error),
            remedy="Check the permissions, or choose another directory with `--store`.",
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(path)):
        return store_full(path)
    if code == sqlite3.SQLITE_IOERR and (limit := file_limit()) is not None:
        return StoreFullError(
            f"The database {path} cannot grow",
            expected="room for larger files",
            got=f"a limit of {limit:,} bytes for each file (`ulimit -f`)",
            remedy=f"Nothing was changed. {RAISE_LIMIT}",
        )
    if code == sqlite3.SQLITE_ERROR and _UNKNOWN_NAME.search(str(error)):
        return StoreCorruptError(
            f"The schema of the database {path} is damaged",
            got=str(error),
            remedy="Restore the database from a backup. "
            f"`task2vec doctor --store {shlex.quote(str(path.parent))}` shows what is damaged.",
        )
    return StoreError(
        f"The database {path} failed",
        got=str(error),
        remedy="Nothing was changed; try again, and see whether the disk is sound.",
    )


def _damaged(path: Path, got: str) -> StoreCorruptError:
    return StoreCorruptError(
        f"The database {path} is damaged",
        got=got,
        remedy="Restore it from a copy, or move it aside and embed the tasks again.",
    )


def store_full(path: Path) -> StoreFullError:
    """Return the error for a disk without room."""
    return StoreFullError(f"The disk that holds {path} is full", remedy="Make room and try again.")


def _no_room(path: Path) -> bool:
    # SQLite calls some writes to a full disk, such as that of its shared index, plain failures.
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE
    except OSError:
        return False


def _busy(path: Path) -> StoreBusyError:
    return StoreBusyError(
        f"The database {path} is locked by another program",
        remedy="Wait for it to finish and try again.",
    )
