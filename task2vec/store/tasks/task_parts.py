"""What is stored beside a task's record: vectors, picture, hashes of the images, details."""

from collections.abc import Iterator, Sequence
from typing import Any, TypedDict, Unpack

from sqlalchemy import Connection, Table, delete, insert, select

from task2vec.errors import InputError, StoreCorruptError
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import OR_RESTORE, checked
from task2vec.store.sql.text import dump, load
from task2vec.store.tasks.vectors import Kind, encode
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails, HeadInformation, head_of
from task2vec.types.image_hashes import (
    SCHEME,
    ImageHashes,
    hashes_from_bytes,
    hashes_to_bytes,
)
from task2vec.types.scatter import ClassScatter

#: Ids in one statement: databases take some thousands.
_AT_ONCE = 500
_EMBED_AGAIN = f"Embed it again with `update` (`--update` on the command line), {OR_RESTORE}"


_TELLS = {
    "class_scatters": "class scatters",
    "task_details": "details",
    "thumbnails": "pictures",
}


class Beside(TypedDict, total=False):
    """What may be kept beside an embedding."""

    #: A PNG.
    thumbnail: bytes | None
    #: Of the images that were used, (n,).
    hashes: ImageHashes | None
    #: What answers are explained by.
    details: EmbeddingDetails | None


def insert_parts(
    connection: Connection, task: str, embedding: TaskEmbedding, **beside: Unpack[Beside]
) -> None:
    """Store the parts of the task with this id, which has none."""
    for kind in Kind:
        data, digest = encode(getattr(embedding, kind), kind=kind)
        connection.execute(
            insert(schema.vectors).values(task=task, kind=kind, sha256=digest, data=data)
        )
    if (thumbnail := beside.get("thumbnail")) is not None:
        connection.execute(insert(schema.thumbnails).values(task=task, data=thumbnail))
    if (hashes := beside.get("hashes")) is not None:
        row = {"task": task, "scheme": SCHEME, "data": hashes_to_bytes(hashes)}
        connection.execute(insert(schema.image_hashes).values(row))
    if (details := beside.get("details")) is not None:
        fields = details.model_dump(mode="json", exclude_defaults=True)
        text = dump(fields, what="The details of a task")
        connection.execute(insert(schema.task_details).values(task=task, data=text))
        if details.scatter is not None:
            scatter = details.scatter.to_bytes()
            connection.execute(insert(schema.class_scatters).values(task=task, data=scatter))


def remove_parts(connection: Connection, task: str) -> None:
    """Remove whatever parts the task with this id has."""
    for table in (
        schema.vectors,
        schema.thumbnails,
        schema.image_hashes,
        schema.task_details,
        schema.class_scatters,
    ):
        connection.execute(delete(table).where(table.c.task == task))


def read_hashes(
    connection: Connection, tasks: Sequence[str] | None = None
) -> dict[str, ImageHashes]:
    """Return the image hashes of the present scheme by the id of their task, of some or of all.

    Raises:
        StoreCorruptError: names the task whose hashes are damaged.
    """
    hashes = schema.image_hashes
    query = select(hashes).where(hashes.c.scheme == SCHEME)
    if tasks is not None:
        query = query.where(hashes.c.task.in_(tasks))
    found = {}
    for row in connection.execute(query):
        what = f"A row of image hashes, of the task with the id {row.task},"
        checked(row, hashes, what=what, remedy=_EMBED_AGAIN)
        try:
            found[row.task] = hashes_from_bytes(row.data)
        except InputError as error:
            raise StoreCorruptError(
                f"The image hashes of the task with the id {row.task} are damaged in the store",
                expected=error.expected,
                got=error.got,
                remedy=_EMBED_AGAIN,
            ) from error
    return found


def read_details(
    connection: Connection, task: str, *, elements: int, classes: int
) -> EmbeddingDetails | None:
    """Return the details of the task with this id; its numbers of elements and classes are given.

    Raises:
        StoreCorruptError: when they are damaged.
    """
    data = dict(_data_of(connection, schema.task_details, [task]))
    if not data:
        return None
    found = load(data[task], what=f"The details of the task with the id {task}")
    scatter = read_scatters(connection, [task]).get(task)
    try:
        known = EmbeddingDetails.fitting(found, elements=elements, classes=classes)
        return known.model_copy(update={"scatter": scatter})
    except InputError as error:
        raise StoreCorruptError(
            f"The details of the task with the id {task} are damaged in the store",
            expected=error.expected,
            got=error.got,
            remedy=_EMBED_AGAIN,
        ) from error


def read_thumbnail(connection: Connection, task: str) -> bytes | None:
    """Return the picture of the task with this id, if there is one.

    Raises:
        StoreCorruptError: when it is damaged.
    """
    return dict(_data_of(connection, schema.thumbnails, [task])).get(task)


def read_heads(connection: Connection, tasks: Sequence[str]) -> dict[str, HeadInformation]:
    """Return what is known of the heads of those of the tasks with these ids that it is known of.

    Raises:
        StoreCorruptError: when it is damaged.
    """
    found = {}
    for task, data in _data_of(connection, schema.task_details, tasks):
        what = f"The details of the task with the id {task}"
        try:
            head = head_of(load(data, what=what))
        except ValueError as error:
            raise StoreCorruptError(
                f"{what} are damaged in the store",
                expected="nats, at least 0, and a number of images",
                got=str(error),
                remedy=_EMBED_AGAIN,
            ) from error
        if head is not None:
            found[task] = head
    return found


def read_scatters(connection: Connection, tasks: Sequence[str]) -> dict[str, ClassScatter]:
    """Return the class scatter of those of the tasks with these ids that have one.

    Raises:
        StoreCorruptError: when one is damaged.
    """
    found = {}
    for task, data in _data_of(connection, schema.class_scatters, tasks):
        try:
            found[task] = ClassScatter.from_bytes(data)
        except InputError as error:
            raise StoreCorruptError(
                f"The class scatter of the task with the id {task} is damaged in the store",
                expected=error.expected,
                got=error.got,
                remedy=_EMBED_AGAIN,
            ) from error
    return found


def _data_of(
    connection: Connection, table: Table, tasks: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the ids of those of the tasks that the table tells of, and what it tells."""
    for first in range(0, len(tasks), _AT_ONCE):
        asked = table.c.task.in_(tasks[first : first + _AT_ONCE])
        for row in connection.execute(select(table).where(asked)):
            what = f"A row of {_TELLS[table.name]}, of the task with the id {row.task},"
            checked(row, table, what=what, remedy=_EMBED_AGAIN)
            yield str(row.task), row.data
