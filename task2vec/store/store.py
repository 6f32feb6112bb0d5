"""A directory that holds tasks, models and outcomes."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from task2vec.store.dropping import Removed, all_damages, drop_damaged
from task2vec.store.index.files import IndexFiles
from task2vec.store.index.layout import Layout, LiveLayout, nothing
from task2vec.store.index.live import LiveIndex
from task2vec.store.index.protocol import TaskIndex
from task2vec.store.jobs import Jobs
from task2vec.store.opening import open_database
from task2vec.store.sql.checksums import Damage
from task2vec.store.sql.database import Database
from task2vec.store.sql.idempotency import Idempotency
from task2vec.store.tables.audit import Audit
from task2vec.store.tables.batches import Batches
from task2vec.store.tables.bundles import Bundles
from task2vec.store.tables.datasets import Datasets
from task2vec.store.tables.keys import Keys
from task2vec.store.tables.models import Models
from task2vec.store.tables.outcomes import Outcomes
from task2vec.store.tasks.recent import RecentEmbeddings
from task2vec.store.tasks.tasks import Tasks
from task2vec.types import Space


class Store:
    """The truth about everything embedded and measured so far.

    Open it with `Store.open`, and close it, or use it as a context manager. Readers never wait;
    writers wait for one another, across processes. What a method has returned is on disk.
    """

    def __init__(self, path: Path, database: Database) -> None:
        self.path = path
        self.tasks = Tasks(database)
        self.models = Models(database)
        self.outcomes = Outcomes(database)
        self.bundles = Bundles(database)
        self.datasets = Datasets(database)
        self.jobs = Jobs(database)
        self.batches = Batches(database)
        self.keys = Keys(database)
        self.audit = Audit(database)
        self.idempotency = Idempotency(database)
        self._database = database
        self._recent = RecentEmbeddings(self.tasks)
        self._indices: dict[Space, LiveIndex] = {}
        self._layouts: dict[Space, LiveLayout] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, create: bool = True, lock_timeout: float = 30.0) -> Self:
        """Open the store in the directory ``path``, upgrading an older one.

        Args:
            path: the directory.
            create: make one where there is none.
            lock_timeout: how many seconds to wait for another process that writes.

        Raises:
            StoreError: when there is none and ``create`` is false, when it belongs to another
                program or to a later version, or cannot be read or created.
            StoreBusyError: when it had to be created or upgraded and somebody kept writing.
            StoreCorruptError: when the database is damaged.
        """
        return cls(path, open_database(path, create=create, lock_timeout=lock_timeout))

    def index(self, space: Space) -> TaskIndex:
        """Return an index over the tasks of ``space`` as they are now.

        It is kept in memory and brought up to date here, so asking anew is cheap. Its searches
        read from the store, which has to stay open for them. Any number of threads may do both.

        Raises:
            StoreCorruptError: names a task whose embedding is damaged.
        """
        return self._index_of(space).current()

    def layout(self, space: Space, *, check: Callable[[], None] = nothing) -> Layout:
        """Return where the tasks of ``space`` lie in the plane as they are now.

        It is kept in memory and in a file, and brought up to date here, so asking anew is cheap.
        ``check`` is called every fraction of a second and may raise; the next call goes on from
        there.

        Raises:
            StoreCorruptError: names a task whose embedding is damaged.
        """
        index = self._index_of(space)
        with self._lock:
            if space not in self._layouts:
                self._layouts[space] = LiveLayout(space, self.path / "index")
            layout = self._layouts[space]
        return layout.of(index.tasks(), check=check)

    def _index_of(self, space: Space) -> LiveIndex:
        with self._lock:
            if space not in self._indices:
                self._indices[space] = LiveIndex(
                    space,
                    update_since=partial(self.tasks.update_since, space),
                    embeddings_of=self._recent.embeddings,
                    files=IndexFiles(self.path / "index", space),
                )
            return self._indices[space]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction for the methods that end in ``_within``: all or nothing.

        Raises:
            StoreBusyError: when somebody else kept writing.
            StoreError: when the database failed.
        """
        with self._database.write() as connection:
            yield connection

    def check_in_place(self) -> None:
        """Raise `StoreError` when the database was removed or replaced since it was opened."""
        self._database.check_in_place()

    def damages(self) -> list[Damage]:
        """Return what is not as it was written: every page, index and row is read for that."""
        with self._database.read() as connection:
            return all_damages(connection)

    def drop_damaged(self, copy: Path) -> Removed:
        """Remove damaged rows with what hangs on them, all in one transaction; return what went.

        The database is copied to the file ``copy`` first; a sound one is neither copied nor
        changed.

        Raises:
            StoreCorruptError: for damage that is not of rows.
            StoreError: when the database cannot be written.
            InputError: when the copy cannot be written.
        """
        with self._database.write() as connection:
            return drop_damaged(connection, before=partial(self._database.copy, copy))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
