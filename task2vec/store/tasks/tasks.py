"""Tasks with their embeddings: adding, editing and removing them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Unpack

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from task2vec.data.wording import typed
from task2vec.errors import NameTakenError, SettingError, SpaceMismatchError, StateError
from task2vec.messages.tasks import StoredTask
from task2vec.store.sql import schema
from task2vec.store.sql.identity import check_name, new_id
from task2vec.store.tasks.task_lookups import TaskLookups
from task2vec.store.tasks.task_parts import Beside, insert_parts, remove_parts
from task2vec.store.tasks.task_rows import (
    elements_of,
    find_task,
    from_row,
    space_key,
    tags_of,
    to_row,
)
from task2vec.store.tasks.updates import ChangeKind, append_change
from task2vec.types import TaskEmbedding

#: Raises `ChangedError` for a record that is not the one that was meant.
Check = Callable[[StoredTask], None]


class Tasks(TaskLookups):
    """The tasks of a store. Every method but `add_within` is one transaction."""

    def add(
        self,
        record: StoredTask,
        embedding: TaskEmbedding,
        *,
        replace: bool = False,
        **beside: Unpack[Beside],
    ) -> StoredTask:
        """Add a task; return its record as stored, once it is on disk.

        An empty ``id`` is filled in; ``beside`` is what is kept beside the embedding. With
        ``replace``, a task of the same name is replaced whole and keeps its id, so that its experts
        and outcomes stay attached. It keeps its tags, too, where ``record`` has none.

        Raises:
            NameTakenError: when the name, or the id, belongs to another task.
            StateError: when the task to be replaced came with a bundle.
            SettingError: for an unusable name, or an embedding that is not the record's.
            SpaceMismatchError: for an embedding without the number of elements of its space.
        """
        with self._database.write() as connection:
            return self.add_within(connection, record, embedding, replace=replace, **beside)

    def add_many(self, tasks: Iterable[tuple[StoredTask, TaskEmbedding]]) -> list[StoredTask]:
        """Add all of these tasks or, where one cannot be added, none; raises as `add` does."""
        with self._database.write() as connection:
            return [self.add_within(connection, record, embedding) for record, embedding in tasks]

    def add_within(
        self,
        connection: Connection,
        record: StoredTask,
        embedding: TaskEmbedding,
        *,
        replace: bool = False,
        **beside: Unpack[Beside],
    ) -> StoredTask:
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
        columns = schema.tasks.c
        row = connection.execute(
            select(columns.id, columns.bundle).where(columns.name == record.name)
        ).one_or_none()
        existing = None if row is None else row.id
        check_name(record.name, new=existing is None)
        if row is not None:
            if not replace:
                raise NameTakenError.of_task(record.name)
            check_own(record.name, row.bundle)
        tags = record.tags
        if existing is not None and not tags:
            tags = tags_of(connection, existing)
        id_ = existing or record.id or new_id("tsk")
        stored = record.model_copy(update={"id": id_, "tags": tags})
        if existing is None:
            _check_id_is_free(connection, stored.id)
            connection.execute(insert(schema.tasks).values(to_row(stored)))
        else:
            remove_parts(connection, existing)
            connection.execute(
                update(schema.tasks).where(schema.tasks.c.id == existing).values(to_row(stored))
            )
        insert_parts(connection, stored.id, embedding, **beside)
        kind = ChangeKind.ADDED if existing is None else ChangeKind.REPLACED
        append_change(connection, stored.id, kind=kind)
        return stored

    def edit(
        self,
        name_or_id: str,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        check: Check | None = None,
    ) -> StoredTask:
        """Change a task's name or tags and return its new record; what is None stays.

        ``check`` is called with the record before the change, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            NameTakenError: when the name belongs to another task.
            StateError: when a task that came with a bundle is to have another name.
            SettingError: for an unusable name.
        """
        with self._database.write() as connection:
            old = _checked(connection, name_or_id, check)
            changes = {
                "name": old.name if name is None else name,
                "tags": old.tags if tags is None else tuple(dict.fromkeys(tags)),
            }
            edited = old.model_copy(update=changes)
            if edited == old:
                return old
            if edited.name != old.name:
                check_own(old.name, old.bundle)
            check_name(edited.name, new=edited.name != old.name)
            columns = schema.tasks.c
            taken = select(columns.id).where(columns.name == edited.name, columns.id != old.id)
            if connection.scalar(taken) is not None:
                raise NameTakenError(
                    f"There is a task named '{edited.name}' already", remedy="Choose another name."
                )
            row = to_row(edited)
            connection.execute(
                update(schema.tasks)
                .where(columns.id == old.id)
                .values(name=row["name"], tags=row["tags"])
            )
            # Copies of it in memory hold its name and its tags, too.
            append_change(connection, old.id, kind=ChangeKind.REPLACED)
        return edited

    def remove(
        self, name_or_id: str, *, cascade: bool = False, check: Check | None = None
    ) -> StoredTask:
        """Remove a task and return its last record.

        With ``cascade`` its experts, their outcomes, and the outcomes on this task go with it.
        ``check`` is called with the record first, in the same transaction.

        Raises:
            UnknownNameError: suggests names that are close.
            StateError: when, without ``cascade``, models or outcomes hang on it, or when it came
                with a bundle.
        """
        with self._database.write() as connection:
            record = _checked(connection, name_or_id, check)
            check_own(record.name, record.bundle)
            experts = schema.models.c.task == record.id
            outcomes = or_(
                schema.outcomes.c.task == record.id,
                schema.outcomes.c.model.in_(select(schema.models.c.id).where(experts)),
            )
            hanging = [
                connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
                for table, condition in ((schema.models, experts), (schema.outcomes, outcomes))
            ]
            if any(hanging) and not cascade:
                raise StateError(
                    f"Task '{record.name}' cannot be removed alone",
                    expected="no models or outcomes that hang on it",
                    got=f"models: {hanging[0]}, outcomes: {hanging[1]}",
                    remedy="Remove all together with `cascade` (`--cascade` on the command line).",
                )
            connection.execute(delete(schema.outcomes).where(outcomes))
            connection.execute(delete(schema.models).where(experts))
            remove_parts(connection, record.id)
            connection.execute(delete(schema.tasks).where(schema.tasks.c.id == record.id))
            append_change(connection, record.id, kind=ChangeKind.REMOVED)
        return record


def _checked(connection: Connection, name_or_id: str, check: Check | None) -> StoredTask:
    record = from_row(find_task(connection, name_or_id))
    if check is not None:
        check(record)
    return record


def check_own(name: str, bundle: str | None) -> None:
    """Raise `StateError` for a task that came with a bundle, which is left as it is."""
    if bundle is not None:
        raise StateError(
            f"Task '{name}' came with the bundle {bundle}, and changes only with it",
            expected="a task of your own",
            remedy="Remove the bundle with all that it brought: "
            f"`task2vec bundle remove {bundle}`.",
        )


def _check_elements(connection: Connection, embedding: TaskEmbedding) -> None:
    # A task that is replaced counts too: copies of its space were made for as many elements.
    elements = elements_of(connection, embedding.space)
    if elements not in (None, embedding.values.size):
        columns = schema.tasks.c
        row = connection.execute(
            select(columns.name, columns.bundle)
            .where(columns.space == space_key(embedding.space))
            .order_by(columns.id)
        ).first()
        name, bundle = ("", None) if row is None else row
        remove = f"task2vec remove {typed(name)}"
        if bundle is not None:
            remove = f"task2vec bundle remove {typed(bundle)}"
        raise SpaceMismatchError(
            "This embedding does not fit its space",
            expected=f"{elements:,} elements, as the stored tasks of this space have, such as "
            f"'{name}'",
            got=f"{embedding.values.size:,}",
            remedy="Embed the task with the probe of the others. Should those be the faulty ones, "
            f"remove them: `{remove}`.",
        )


def _check_id_is_free(connection: Connection, id_: str) -> None:
    name = connection.scalar(select(schema.tasks.c.name).where(schema.tasks.c.id == id_))
    if name is not None:
        raise NameTakenError(
            f"The id {id_} belongs to task '{name}'",
            remedy="Leave the id of a new record empty.",
        )
