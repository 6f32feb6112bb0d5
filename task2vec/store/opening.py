"""Opening a store: is it one, is it ours, and is its schema the present one?"""

import shlex
from enum import Enum, auto
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from task2vec.atomic_file import make_folder
from task2vec.data.paths import near_path
from task2vec.errors import NoStoreError, StoreCorruptError, StoreError
from task2vec.store.sql.checksums import seal
from task2vec.store.sql.database import Database
from task2vec.store.sql.lock import WriteLock, unwritable
from task2vec.store.sql.migrations import REVISIONS, upgrade

DATABASE = "task2vec.sqlite3"
LOCK = "task2vec.lock"
#: The folders whose files mean something only together with the database.
FOLDERS = ("datasets", "experts", "index", "quarantine", "unfinished", "uploads")

# "t2v" and a one, in the field of the header that SQLite keeps for the application.
_APPLICATION_ID = 0x74327601


class _Schema(Enum):
    EMPTY = auto()
    OLD = auto()
    PRESENT = auto()


def open_database(directory: Path, *, create: bool, lock_timeout: float) -> Database:
    """Open the database of the store in ``directory``, creating or upgrading it.

    Raises:
        StoreError: when there is none and ``create`` is false, when it belongs to another program
            or to a later version, or cannot be read.
        StoreCorruptError: when the folder holds files of a store and the database is missing or
            empty.
    """
    if directory.exists() and not directory.is_dir():
        raise StoreError(
            f"{directory} is a file",
            expected="the directory of a store",
            remedy="Choose a directory with `--store`.",
        )
    path = directory / DATABASE
    if not path.exists() or (path.is_file() and path.stat().st_size == 0):
        # Before SQLite sees it: beside an empty database it removes the log of the lost one.
        _check_not_lost(directory, log=True)
    if not path.exists():
        if not create:
            raise no_store(directory)
        try:
            # It will hold what was uploaded, and the hashes of keys. Who wants to share a store
            # makes its folder.
            make_folder(directory, mode=0o700)
        except OSError as error:
            raise unwritable(directory, error) from error
    database = Database(path, lock=WriteLock(directory / LOCK, timeout=lock_timeout))
    try:
        _make_present(database, create=create)
        database.pin()
    except BaseException:
        database.close()
        raise
    return database


def _make_present(database: Database, *, create: bool) -> None:
    if database.path.exists():
        with database.read() as connection:
            schema = _schema(connection, database.path)
        if schema is _Schema.PRESENT:
            return
        if schema is _Schema.EMPTY:
            _check_not_lost(database.path.parent, log=False)
            # A process that was killed before its first commit leaves an empty database.
            if not create:
                raise no_store(database.path.parent)
    with database.alone() as raw:
        # Outside of a transaction, since the journal cannot change within one; it stays with the
        # file.
        raw.execute("PRAGMA journal_mode = WAL")
    with database.write() as connection:
        # Somebody else may have done it since.
        if _schema(connection, database.path) is not _Schema.PRESENT:
            upgrade(connection)
            seal(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")


def _schema(connection: Connection, path: Path) -> _Schema:
    application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    tables = inspect(connection).get_table_names()
    if application == 0 and not tables:
        return _Schema.EMPTY
    if application != _APPLICATION_ID or "alembic_version" not in tables:
        raise StoreError(
            f"{path} is the database of another program",
            remedy="Choose another directory with `--store`.",
        )
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision not in REVISIONS:
        raise StoreError(
            f"The store {path.parent} was written by a later version of task2vec",
            expected=f"a schema up to {REVISIONS[-1]}",
            got=f"{revision}",
            remedy="Upgrade with `pip install --upgrade task2vec`.",
        )
    return _Schema.PRESENT if revision == REVISIONS[-1] else _Schema.OLD


def _check_not_lost(directory: Path, *, log: bool) -> None:
    """Raise `StoreCorruptError` where files of a store lie without the database they belong to.

    With ``log``, the write-ahead log of a database that is missing or of zero bytes counts too.
    """
    left = []
    for name in FOLDERS:
        count = sum(path.is_file() for path in (directory / name).rglob("*"))
        if count:
            left.append(f"{name} ({count})")
    wal = directory / f"{DATABASE}-wal"
    if log and wal.exists() and wal.stat().st_size:
        left.append(wal.name)
    if left:
        here = shlex.quote(str(directory))
        raise StoreCorruptError(
            f"The database of the store {directory} is missing or empty",
            expected=f"a file {DATABASE} that knows the files beside it",
            got=f"files in: {', '.join(left)}",
            remedy=f"Nothing was changed. Put {DATABASE} back from a backup, then run `task2vec "
            f"doctor --store {here}`. To begin anew instead, move the folder away: "
            f"`mv {here} {here}-old`.",
        )


def no_store(directory: Path) -> NoStoreError:
    """Return the error that there is no store in a directory, with the near one beside it."""
    near = near_path(directory, kind="store", holding=DATABASE)
    add = (
        "Embed something first with `task2vec embed SOURCE`, or name another directory with "
        "`--store`."
    )
    return NoStoreError(
        f"There is no store in {directory}", remedy=" ".join(filter(None, (near, add)))
    )
