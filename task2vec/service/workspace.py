"""A store and an engine, each opened when it is first needed."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from task2vec.errors import NoStoreError, StoreError
from task2vec.service.ownership import check_not_owned
from task2vec.service.parsing.confined import Confinement
from task2vec.service.parsing.parsers import Parser, parse
from task2vec.service.quarantine import bring_back
from task2vec.store.opening import DATABASE, no_store
from task2vec.store.sql.database import closed
from task2vec.store.store import Store

if TYPE_CHECKING:
    from task2vec.embedding.engine import LocalEngine


T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of a list; ``next`` is the place to read on behind, None at the end."""

    items: Sequence[T]
    next: Any


def _local_engine() -> "LocalEngine":
    # torch takes seconds to import: commands that only read the store do without it.
    from task2vec.embedding.engine import LocalEngine

    return LocalEngine()


class Workspace:
    """What the use cases work on. Use it as a context manager, or `close` it, for good.

    ``path`` is the store's directory; nothing is created before something is written. While a
    server runs, only it opens the store: ``beside_server`` is for that server, and for what may be
    done beside one. With a ``confinement``, what somebody sent is parsed in processes of its own.
    Without ``class_pictures`` none are kept of the images of a task by class.
    """

    def __init__(
        self,
        path: Path,
        *,
        make_engine: "Callable[[], LocalEngine]" = _local_engine,
        beside_server: bool = False,
    ) -> None:
        self.path = path
        self.beside_server = beside_server
        self.confinement: Confinement | None = None
        self.class_pictures = True
        self._make_engine = make_engine
        self._engine: LocalEngine | None = None
        self._store: Store | None = None
        self._registered = False
        self._closed = False

    @property
    def engine(self) -> "LocalEngine":
        """The engine; starting it loads torch."""
        if self._engine is None:
            self._engine = self._make_engine()
        return self._engine

    def store(self, *, create: bool = False) -> Store:
        """Return the store.

        Raises:
            StoreError: when there is none and ``create`` is false, or after `close`.
            StoreOwnedError: when a server works on it.
        """
        if self._closed:
            raise closed(self.path)
        if self._store is None:
            if not self.beside_server:
                check_not_owned(self.path)
            self._store = Store.open(self.path, create=create)
            # A database that was restored knows files again that were put aside without it.
            bring_back(self._store)
        if create and not self._registered:
            from task2vec.service.packaged_models import register_packaged

            register_packaged(self._store)
            self._registered = True
        return self._store

    def existing_store(self) -> Store | None:
        """Return the store, or None where none has been created yet.

        A folder without a database is no store yet, nor is the empty database that a first start
        leaves when it is killed. Raises `StoreError` for a store that cannot be opened.
        """
        try:
            return self.store()
        except NoStoreError:
            return None

    def parse(self, parser: Parser, path: Path, **given: Any) -> Any:
        """Return what a parser finds in the file ``path`` that somebody sent.

        Raises as the parser does; within a confinement also `TooLargeError` beyond its limits
        and `OverloadedError` where the process that reads was killed from outside.
        """
        arguments = {"path": str(path.absolute()), **given}
        if self.confinement is None:
            return parse(parser, arguments)
        return self.confinement.run(parser, arguments)

    def check_writable(self) -> None:
        """Raise `StoreError` where nothing could be stored: embedding takes long to fail late."""
        path = self.path.absolute()
        nearest = next(folder for folder in (path, *path.parents) if folder.exists())
        if nearest.is_dir() and os.access(nearest, os.W_OK):
            return
        raise StoreError(
            f"The store {self.path} cannot be written",
            expected="a folder that can be written, or created",
            got=f"{nearest}, which {'may not be written' if nearest.is_dir() else 'is a file'}",
            remedy="Check the permissions, or choose another folder with `--store`.",
        )

    def close(self) -> None:
        """Close the store, if it was opened: threads that are still at work cannot change it."""
        self._closed = True
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def missing_store(path: Path) -> NoStoreError | None:
    """Return the error that there is no store in a folder; None where there is one."""
    return None if (path / DATABASE).exists() else no_store(path)
