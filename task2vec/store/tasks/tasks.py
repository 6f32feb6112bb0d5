"""Tasks with their embeddings."""

import dataclasses
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select, update

from task2vec.errors import NameTakenError, SettingError, SpaceMismatchError
from task2vec.store.sql import schema
from task2vec.store.sql.identity import check_name, new_id, now
from task2vec.store.tasks.changes import (
    Change,
    ChangeKind,
    append_change,
    last_number,
    read_changes,
)
from task2vec.store.tasks.task_edits import Check, edit_task, page_of_tasks, remove_task
from task2vec.store.tasks.task_lookups import TaskLookups
from task2vec.store.tasks.task_parts import Parts, insert_parts, read_thumbnail, remove_parts
from task2vec.store.tasks.task_rows import (
    elements_of,
    find_task,
    from_row,
    read_records,
    spaces_of,
    tags_of,
    to_row,
)
from task2vec.store.tasks.updates import Update, read_update, vectors_missing
from task2vec.store.tasks.vectors import Kind, decode_embedding
from task2vec.types import Space, TaskEmbedding, TaskRecord, Vector
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes


class Tasks(TaskLookups):
    """The tasks of a store. Every method but `add_within` is one transaction."""

    def add(
        self,
        record: TaskRecord,
        embedding: TaskEmbedding,
        *,
        thumbnail: bytes | None = None,
        hashes: ImageHashes | None = None,
        details: EmbeddingDetails | None = None,
        replace: bool = False,
    ) -> TaskRecord:
        """Add a task; return its record as stored, once it is on disk.

        An empty ``id`` or ``created`` is filled in; ``hashes`` are of the images that were used,
        ``details`` what answers are explained by. With ``replace``, a task of the same name is
        replaced whole and keeps its id, so that its experts and outcomes stay attached. It keeps
        its tags, too, where ``record`` has none.

        Raises:
            NameTakenError: when the name, or the id, belongs to another task.
            SettingError: for an unusable name, or an embedding that is not the record's.
            SpaceMismatchError: for an embedding without the number of elements of its space.
        """
        with self._database.write() as connection:
            return self.add_within(
                connection,
                record,
                embedding,
                thumbnail=thumbnail,
                hashes=hashes,
                details=details,
                replace=replace,
            )

    def add_many(self, tasks: Iterable[tuple[TaskRecord, TaskEmbedding]]) -> list[TaskRecord]:
        """Add all of these tasks or, where one cannot be added, none; raises as `add` does."""
        with self._database.write() as connection:
            return [self.add_within(connection, record, embedding) for record, embedding in tasks]

    def add_within(
        self,
        connection: Connection,
        record: TaskRecord,
        embedding: TaskEmbedding,
        *,
        thumbnail: bytes | None = None,
        hashes: ImageHashes | None = None,
        details: EmbeddingDetails | None = None,
        replace: bool = False,
    ) -> TaskRecord:
        """Add a task, as `add` does, as part of the write transaction of ``connection``.

        For what must be stored together with other rows or not at all; the record is on disk once
        that transaction is. Raises as `add` does.
        """
        check_name(record.name, new=False)
        if record.provenance != embedding.provenance:
            raise SettingError(
                f"The record and the embedding of task '{record.name}' do not belong together",
                expected="one provenance",
                got="two",
            )
        _check_elements(connection, embedding)
        existing = connection.scalar(
            select(schema.tasks.c.id).where(schema.tasks.c.name == record.name)
        )
        check_name(record.name, new=existing is None)
        if existing is not None and not replace:
            raise NameTakenError.of_task(record.name)
        stored = dataclasses.replace(
            record,
            id=existing or record.id or new_id("tsk"),
            created=record.created or now(),
        )
        if existing is not None and not stored.tags:
            stored = dataclasses.replace(stored, tags=tags_of(connection, existing))
        if existing is None:
            _check_id_is_free(connection, stored.id)
            connection.execute(insert(schema.tasks).values(to_row(stored)))
        else:
            remove_parts(connection, existing)
            connection.execute(
                update(schema.tasks).where(schema.tasks.c.id == existing).values(to_row(stored))
            )
        insert_parts(connection, stored.id, Parts(embedding, thumbnail, hashes, details))
        kind = ChangeKind.ADDED if existing is None else ChangeKind.REPLACED
        append_change(connection, stored.id, kind=kind)
        return stored

    def get(self, name_or_id: str) -> TaskRecord:
        """Return one record.

        Raises:
            UnknownNameError: suggests names that are close.
        """
        with self._database.read() as connection:
            return from_row(find_task(connection, name_or_id))

    def embedding(self, name_or_id: str) -> TaskEmbedding:
        """Return the embedding, bit by bit as it was added.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when the bytes are not those that were written.
        """
        with self._database.read() as connection:
            record = from_row(find_task(connection, name_or_id))
            query = select(schema.vectors).where(schema.vectors.c.task == record.id)
            query = query.where(schema.vectors.c.kind.in_(Kind))
            parts = {Kind(row.kind): (row.data, row.sha256) for row in connection.execute(query)}
        if len(parts) < len(Kind):
            raise vectors_missing(f"Task '{record.name}' has")
        return decode_embedding(parts, provenance=record.provenance, task=record.name)

    def embeddings(self, ids: Sequence[str]) -> dict[str, TaskEmbedding]:
        """Return, by id, the embeddings of those of the tasks with these ids that there are.

        In two queries, where `embedding` takes two for each task.

        Raises:
            StoreCorruptError: when the bytes of one are not those that were written.
        """
        parts: dict[str, dict[Kind, tuple[bytes, str]]] = {}
        with self._database.read() as connection:
            records = read_records(connection, ids)
            query = select(schema.vectors).where(schema.vectors.c.task.in_(records))
            for row in connection.execute(query.where(schema.vectors.c.kind.in_(Kind))):
                parts.setdefault(row.task, {})[Kind(row.kind)] = (row.data, row.sha256)
        found = {}
        for id_, record in records.items():
            if len(parts.get(id_, ())) < len(Kind):
                raise vectors_missing(f"Task '{record.name}' has")
            found[id_] = decode_embedding(
                parts[id_], provenance=record.provenance, task=record.name
            )
        return found

    def thumbnail(self, name_or_id: str) -> bytes | None:
        """Return the picture that was added with the task, if any.

        Raises:
            UnknownNameError: suggests names that are close.
            StoreCorruptError: when it is damaged.
        """
        with self._database.read() as connection:
            return read_thumbnail(connection, find_task(connection, name_or_id).id)

    def edit(
        self,
        name_or_id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        check: Check | None = None,
    ) -> TaskRecord:
        """Change a task's name or tags and return its new record; what is None stays.

        ``check`` is called with the record before the change, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            NameTakenError: when the name belongs to another task.
            SettingError: for an unusable name.
        """
        with self._database.write() as connection:
            return edit_task(connection, name_or_id, name=name, tags=tags, check=check)

    def remove(
        self, name_or_id: str, *, cascade: bool = False, check: Check | None = None
    ) -> TaskRecord:
        """Remove a task and return its last record.

        With ``cascade`` its experts, their outcomes, and the outcomes on this task go with it.
        ``check`` is called with the record first, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            StateError: when, without ``cascade``, models or outcomes hang on it.
        """
        with self._database.write() as connection:
            return remove_task(connection, name_or_id, cascade=cascade, check=check)

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        probe: str | None = None,
        tag: str | None = None,
        name: str | None = None,
    ) -> list[TaskRecord]:
        """Return up to ``limit`` records by name, from behind the name ``after``.

        ``probe`` (its name) and ``tag`` are as in `list`; ``name`` leaves the task of this name.
        """
        with self._database.read() as connection:
            return page_of_tasks(
                connection, limit=limit, after=after, probe=probe, tag=tag, name=name
            )

    def changes_since(self, number: int) -> list[Change]:
        """Return what happened after the change with this ``number``, oldest first."""
        with self._database.read() as connection:
            return read_changes(connection, since=number)

    def last_change(self) -> int:
        """Return the number of the last change, 0 before the first."""
        with self._database.read() as connection:
            return last_number(connection)

    def spaces(self) -> list[Space]:
        """Return every space that holds a task."""
        with self._database.read() as connection:
            return spaces_of(connection)

    def matrix(self, space: Space) -> tuple[list[TaskRecord], Vector]:
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

    def list(self, *, probe: str | None = None, tag: str | None = None) -> list[TaskRecord]:
        """Return all records, or those of a ``probe`` (its name) or with a ``tag``, by name."""
        query = select(schema.tasks).order_by(schema.tasks.c.name)
        if probe is not None:
            query = query.where(schema.tasks.c.probe_name == probe)
        with self._database.read() as connection:
            records = [from_row(row) for row in connection.execute(query)]
        return [record for record in records if tag is None or tag in record.tags]


def _check_elements(connection: Connection, embedding: TaskEmbedding) -> None:
    # A task that is replaced counts too: copies of its space were made for as many elements.
    elements = elements_of(connection, embedding.space)
    if elements not in (None, embedding.values.size):
        raise SpaceMismatchError(
            "This embedding does not fit its space",
            expected=f"{elements:,} elements, as the stored tasks of this space have",
            got=f"{embedding.values.size:,}",
            remedy="Embed the task with the probe of the others.",
        )


def _check_id_is_free(connection: Connection, id_: str) -> None:
    name = connection.scalar(select(schema.tasks.c.name).where(schema.tasks.c.id == id_))
    if name is not None:
        raise NameTakenError(
            f"The id {id_} belongs to task '{name}'",
            remedy="Leave the id of a new record empty.",
        )
