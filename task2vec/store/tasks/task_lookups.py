"""Short questions about stored tasks."""

from collections.abc import Collection, Sequence

from sqlalchemy import select

from task2vec.store.sql import schema
from task2vec.store.sql.database import Database
from task2vec.store.tasks.task_parts import read_details, read_hashes, read_heads, read_scatters
from task2vec.store.tasks.task_rows import (
    elements_of,
    find_task,
    from_row,
    read_records,
    space_key,
    spaces_of,
    task_named,
)
from task2vec.types import Space, TaskRecord
from task2vec.types.details import EmbeddingDetails, HeadInformation
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.scatter import ClassScatter

# A statement takes a limited number of parameters.
_AT_ONCE = 1000


class TaskLookups:
    """The part of `Tasks` that answers without reading records or embeddings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, name: str) -> TaskRecord | None:
        """Return the task of this name, if there is one; unlike `Tasks.get` suggest no other."""
        with self._database.read() as connection:
            return task_named(connection, name)

    def elements(self, space: Space) -> int | None:
        """Return how many elements the embeddings of ``space`` have; None without any."""
        with self._database.read() as connection:
            return elements_of(connection, space)

    def some_of(self, space: Space, *, limit: int, besides: Collection[str] = ()) -> list[str]:
        """Return the ids of up to ``limit`` tasks of ``space``, without those in ``besides``.

        Always the same ones, by their ids: these are random, so that they are a fair sample, which
        names, often given by subject, would not be.
        """
        columns = schema.tasks.c
        query = select(columns.id).where(columns.space == space_key(space))
        query = query.where(columns.id.not_in(besides)).order_by(columns.id).limit(limit)
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def fingerprints(self, probe: str) -> list[str]:
        """Return the fingerprints of the probes of this name that tasks were embedded with."""
        with self._database.read() as connection:
            return sorted({space.probe for space in spaces_of(connection, probe=probe)})

    def image_hashes(self, name_or_id: str) -> ImageHashes | None:
        """Return the hashes (n,) of the images that a task was embedded from.

        None for a task that an earlier version embedded, or that was imported without them.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when they are damaged.
        """
        with self._database.read() as connection:
            task = find_task(connection, name_or_id).id
            return read_hashes(connection, [task]).get(task)

    def with_image_hashes(self, ids: Sequence[str]) -> list[tuple[TaskRecord, ImageHashes | None]]:
        """Return those of the tasks with these ids that there are, with their image hashes.

        They are in the order of the ids; None as in `image_hashes`.

        Raises:
            StoreCorruptError: when those of a task are damaged.
        """
        found: list[tuple[TaskRecord, ImageHashes | None]] = []
        with self._database.read() as connection:
            for first in range(0, len(ids), _AT_ONCE):
                some = ids[first : first + _AT_ONCE]
                records, hashes = read_records(connection, some), read_hashes(connection, some)
                found += [(records[id_], hashes.get(id_)) for id_ in some if id_ in records]
        return found

    def all_image_hashes(self) -> dict[str, ImageHashes]:
        """Return the image hashes of every task that has them, by its id.

        Raises:
            StoreCorruptError: when those of a task are damaged.
        """
        with self._database.read() as connection:
            return read_hashes(connection)

    def details(self, name_or_id: str) -> EmbeddingDetails | None:
        """Return what is kept of a task to explain answers by: its layers and its hard classes.

        None for a task that an earlier version embedded, or that was imported without them.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when they are damaged.
        """
        with self._database.read() as connection:
            record = from_row(find_task(connection, name_or_id))
            provenance = record.provenance
            elements = elements_of(connection, provenance.space)
            assert elements is not None, "the task itself has elements"
            return read_details(
                connection, record.id, elements=elements, classes=provenance.classes
            )

    def heads(self, ids: Sequence[str]) -> dict[str, HeadInformation]:
        """Return, by id, the nats in the heads of those of these tasks that they are known of.

        Raises:
            StoreCorruptError: when they are damaged.
        """
        with self._database.read() as connection:
            return read_heads(connection, ids)

    def scatters(self, ids: Sequence[str]) -> dict[str, ClassScatter]:
        """Return, by id, what those of the tasks with these ids ask that it is known of.

        Raises:
            StoreCorruptError: when one is damaged.
        """
        with self._database.read() as connection:
            return read_scatters(connection, ids)
