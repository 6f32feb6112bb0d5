"""Reading stored tasks: records, embeddings, and what is kept beside them."""

import builtins
import json
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection, case, func, select

from task2vec.messages.tasks import StoredTask, TaskListing
from task2vec.store.sql import schema
from task2vec.store.sql.database import Database, rows_with_any
from task2vec.store.sql.text import load
from task2vec.store.tasks.task_parts import (
    read_hashes,
    read_parts,
    read_scatters,
)
from task2vec.store.tasks.task_rows import (
    elements_of,
    find_task,
    from_row,
    read_records,
    sizes_of_spaces,
    space_key,
    spaces_of,
    task_named,
)
from task2vec.store.tasks.updates import (
    Change,
    Update,
    last_number,
    read_changes,
    read_update,
    vectors_missing,
)
from task2vec.store.tasks.vectors import Kind, decode_embedding
from task2vec.types import Space, TaskEmbedding, Vector
from task2vec.types.class_pictures import ClassPictures
from task2vec.types.details import EmbeddingDetails, HeadInformation, head_of
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.scatter import ClassScatter

_EVERY = TaskListing()


class TaskLookups:
    """The part of `Tasks` that reads. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name_or_id: str) -> StoredTask:
        """Return one record.

        Raises:
            UnknownNameError: suggests names that are close.
        """
        with self._database.read() as connection:
            return from_row(find_task(connection, name_or_id))

    def named(self, name: str) -> StoredTask | None:
        """Return the task of this name, if there is one; unlike `Tasks.get` suggest no other."""
        with self._database.read() as connection:
            return task_named(connection, name)

    def records(self, ids: Sequence[str]) -> builtins.list[StoredTask]:
        """Return the records of those of the tasks with these ids that there are, in this order."""
        with self._database.read() as connection:
            found = read_records(connection, ids)
        return [found[id_] for id_ in ids if id_ in found]

    def page(
        self, question: TaskListing = _EVERY, *, limit: int | None = None, after: str | None = None
    ) -> builtins.list[StoredTask]:
        """Return up to ``limit`` records by name, from behind the name ``after``."""
        columns = schema.tasks.c
        query = select(schema.tasks).order_by(columns.name).limit(limit)
        if after is not None:
            query = query.where(columns.name > after)
        if question.name is not None:
            query = query.where(columns.name == question.name)
        if question.probe is not None:
            query = query.where(columns.probe_name == question.probe)
        if not question.bundles:
            query = query.where(columns.bundle.is_(None))
        if question.tag is not None:
            # Tags are JSON in one column, where no other text can look like a quoted tag.
            query = query.where(func.instr(columns.tags, json.dumps(question.tag)) > 0)
        with self._database.read() as connection:
            return [from_row(row) for row in connection.execute(query)]

    def embedding(self, name_or_id: str) -> TaskEmbedding:
        """Return the embedding, bit by bit as it was added.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when the bytes are not those that were written.
        """
        with self._database.read() as connection:
            record = from_row(find_task(connection, name_or_id))
            return _embeddings(connection, {record.id: record})[record.id]

    def embeddings(self, ids: Sequence[str]) -> dict[str, TaskEmbedding]:
        """Return, by id, the embeddings of those of the tasks with these ids that there are.

        Raises:
            StoreCorruptError: when the bytes of one are not those that were written.
        """
        with self._database.read() as connection:
            return _embeddings(connection, read_records(connection, ids))

    def thumbnail(self, name_or_id: str) -> bytes | None:
        """Return the picture that was added with the task, if any.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when it is damaged.
        """
        with self._database.read() as connection:
            task = find_task(connection, name_or_id).id
            return read_parts(connection, schema.thumbnails, [task], bytes).get(task)

    def pictures(self, name_or_id: str) -> ClassPictures | None:
        """Return the small pictures of its classes that were added with the task, if any.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when they are damaged.
        """
        with self._database.read() as connection:
            record = from_row(find_task(connection, name_or_id))
            decode = partial(ClassPictures.from_bytes, classes=record.provenance.classes)
            parts = read_parts(connection, schema.class_pictures, [record.id], decode)
        return parts.get(record.id)

    def elements(self, space: Space) -> int | None:
        """Return how many elements the embeddings of ``space`` have; None without any."""
        with self._database.read() as connection:
            return elements_of(connection, space)

    def some_of(
        self, space: Space, *, limit: int, besides: Collection[str] = ()
    ) -> builtins.list[str]:
        """Return the ids of up to ``limit`` tasks of ``space``, without those in ``besides``.

        Always the same ones, by their ids: these are random, so that they are a fair sample, which
        names, often given by subject, would not be.
        """
        columns = schema.tasks.c
        query = select(columns.id).where(columns.space == space_key(space))
        query = query.where(columns.id.not_in(besides)).order_by(columns.id).limit(limit)
        with self._database.read() as connection:
            return builtins.list(connection.scalars(query))

    def brought_again(self, space: Space) -> builtins.list[tuple[StoredTask, StoredTask]]:
        """Return the tasks of ``space`` that a bundle brought, of the images and labels of others.

        Each with the task of one's own that has them, the first by name.
        """
        columns = schema.tasks.c
        # A damaged row is found where it is read.
        sound = func.json_valid(columns.provenance) == 1
        content = case((sound, func.json_extract(columns.provenance, "$.content_hash")))
        here = select(schema.tasks).where(columns.space == space_key(space)).order_by(columns.name)
        theirs = here.where(columns.bundle.is_not(None))
        known = select(content).where(columns.bundle.is_not(None))
        with self._database.read() as connection:
            brought = [from_row(row) for row in connection.execute(theirs)]
            if not brought:
                return []
            rows = connection.execute(here.where(columns.bundle.is_(None), content.in_(known)))
            own = {task.provenance.content_hash: task for task in map(from_row, reversed([*rows]))}
        pairs = [(task, own.get(task.provenance.content_hash)) for task in brought]
        return [(task, mine) for task, mine in pairs if mine is not None]

    def fingerprints(self, probe: str) -> builtins.list[str]:
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

    def with_image_hashes(
        self, ids: Sequence[str]
    ) -> builtins.list[tuple[StoredTask, ImageHashes | None]]:
        """Return those of the tasks with these ids that there are, with their image hashes.

        They are in the order of the ids; None as in `image_hashes`.

        Raises:
            StoreCorruptError: when those of a task are damaged.
        """
        with self._database.read() as connection:
            records, hashes = read_records(connection, ids), read_hashes(connection, ids)
        return [(records[id_], hashes.get(id_)) for id_ in ids if id_ in records]

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
            elements = elements_of(connection, record.space)
            assert elements is not None, "the task itself has elements"

            def fitting(text: str) -> EmbeddingDetails:
                data = load(text, what=f"The details of task '{record.name}'")
                classes = record.provenance.classes
                return EmbeddingDetails.fitting(data, elements=elements, classes=classes)

            parts = read_parts(connection, schema.task_details, [record.id], fitting)
            scatter = read_scatters(connection, [record.id]).get(record.id)
        details = parts.get(record.id)
        return None if details is None else details.model_copy(update={"scatter": scatter})

    def heads(self, ids: Sequence[str]) -> dict[str, HeadInformation]:
        """Return, by id, the nats in the heads of those of these tasks that they are known of.

        Raises:
            StoreCorruptError: when they are damaged.
        """
        with self._database.read() as connection:
            heads = read_parts(connection, schema.task_details, ids, _head)
        return {id_: head for id_, head in heads.items() if head is not None}

    def scatters(self, ids: Sequence[str]) -> dict[str, ClassScatter]:
        """Return, by id, what those of the tasks with these ids ask that it is known of.

        Raises:
            StoreCorruptError: when one is damaged.
        """
        with self._database.read() as connection:
            return read_scatters(connection, ids)

    def spaces(self) -> builtins.list[Space]:
        """Return every space that holds a task."""
        with self._database.read() as connection:
            return spaces_of(connection)

    def space_sizes(self, *, probe: str | None = None) -> dict[Space, int]:
        """Return how many tasks each space has, or those of a ``probe`` (its name)."""
        with self._database.read() as connection:
            return sizes_of_spaces(connection, probe=probe)

    def with_thumbnail(self) -> set[str]:
        """Return the ids of the tasks that have a picture."""
        with self._database.read() as connection:
            return set(connection.scalars(select(schema.thumbnails.c.task)))

    def changes_since(self, number: int) -> builtins.list[Change]:
        """Return what happened after the change with this ``number``, oldest first."""
        with self._database.read() as connection:
            return read_changes(connection, since=number)

    def last_change(self) -> int:
        """Return the number of the last change, 0 before the first."""
        with self._database.read() as connection:
            return last_number(connection)

    def matrix(self, space: Space) -> tuple[list[StoredTask], Vector]:
        """Return everything that may be compared in ``space``, ordered by name.

        Returns:
            The m records and their values (m, n). Without any task n is 0.

        Raises:
            StoreCorruptError: names the first task whose bytes are not those that were written.
        """
        with self._database.read() as connection:
            everything = read_update(connection, space, since=None)
        assert everything is not None  # nothing has been seen before
        return everything.records, everything.values

    def update_since(self, space: Space, number: int | None) -> Update | None:
        """Return what a copy of the tasks of ``space`` lacks: see `read_update`."""
        with self._database.read() as connection:
            return read_update(connection, space, since=number)

    def list(self, question: TaskListing = _EVERY) -> builtins.list[StoredTask]:
        """Return all records that agree with the listing, by name."""
        return self.page(question)


def _embeddings(
    connection: Connection, records: Mapping[str, StoredTask]
) -> dict[str, TaskEmbedding]:
    vectors = schema.vectors.c
    query = select(schema.vectors).where(vectors.kind.in_(Kind))
    parts: dict[str, dict[Kind, tuple[bytes, str]]] = {id_: {} for id_ in records}
    for row in rows_with_any(connection, query, vectors.task, records):
        parts[row.task][Kind(row.kind)] = (row.data, row.sha256)
    embeddings = {}
    for id_, record in records.items():
        if len(parts[id_]) < len(Kind):
            raise vectors_missing(f"Task '{record.name}' has")
        embeddings[id_] = decode_embedding(
            parts[id_], provenance=record.provenance, task=record.name
        )
    return embeddings


def _head(text: str) -> HeadInformation | None:
    return head_of(load(text, what="The details of a task"))
