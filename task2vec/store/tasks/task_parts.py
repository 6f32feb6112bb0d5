"""What is stored beside a task's record: vectors, picture, hashes of the images, details."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypedDict, TypeVar, Unpack

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select

from task2vec.errors import InputError, StoreCorruptError
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import OR_RESTORE, checked
from task2vec.store.sql.database import rows_with_any
from task2vec.store.sql.text import dump
from task2vec.store.tasks.vectors import Kind, encode
from task2vec.types import TaskEmbedding
from task2vec.types.class_pictures import ClassPictures
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import (
    SCHEME,
    ImageHashes,
    hashes_from_bytes,
    hashes_to_bytes,
)
from task2vec.types.scatter import ClassScatter

_EMBED_AGAIN = f"Embed it again with `update` (`--update` on the command line), {OR_RESTORE}"
#: What is stored beside a task's record.
TABLES = (
    schema.vectors,
    schema.thumbnails,
    schema.class_pictures,
    schema.image_hashes,
    schema.task_details,
    schema.class_scatters,
)
_PARTS = {
    "class_pictures": "pictures of classes",
    "class_scatters": "class scatters",
    "image_hashes": "image hashes",
    "task_details": "details",
    "thumbnails": "pictures",
}
T = TypeVar("T")


class Beside(TypedDict, total=False):
    """What may be kept beside an embedding."""

    #: A PNG.
    thumbnail: bytes | None
    #: Of its images, small.
    pictures: ClassPictures | None
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
    if (pictures := beside.get("pictures")) is not None:
        row = {"task": task, "data": pictures.to_bytes()}
        connection.execute(insert(schema.class_pictures).values(row))
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
    for table in TABLES:
        connection.execute(delete(table).where(table.c.task == task))


def read_parts(
    connection: Connection,
    table: Table,
    tasks: Sequence[str] | None,
    decode: Callable[[Any], T],
    *,
    only: ColumnElement[bool] | None = None,
) -> dict[str, T]:
    """Return what rows of a table hold, by the id of their task, of some ``tasks`` or of all.

    Raises:
        StoreCorruptError: names the task of a row that is not as written or cannot be decoded.
    """
    query = select(table) if only is None else select(table).where(only)
    rows: Iterable[Row[Any]]
    if tasks is None:
        rows = connection.execute(query)
    else:
        rows = rows_with_any(connection, query, table.c.task, tasks)
    parts = {}
    for row in rows:
        part, task = _PARTS[table.name], f"the task with the id {row.task}"
        checked(row, table, what=f"A row of {part}, of {task},", remedy=_EMBED_AGAIN)
        try:
            parts[str(row.task)] = decode(row.data)
        except (InputError, ValueError) as error:
            raise StoreCorruptError(
                f"The {part} of {task} are damaged in the store",
                expected=error.expected if isinstance(error, InputError) else None,
                got=error.got if isinstance(error, InputError) else str(error),
                remedy=_EMBED_AGAIN,
            ) from error
    return parts


def read_hashes(
    connection: Connection, tasks: Sequence[str] | None = None
) -> dict[str, ImageHashes]:
    """Return the image hashes of the present scheme, as `read_parts` does."""
    table = schema.image_hashes
    of_scheme = table.c.scheme == SCHEME
    return read_parts(connection, table, tasks, hashes_from_bytes, only=of_scheme)


def read_scatters(connection: Connection, tasks: Sequence[str]) -> dict[str, ClassScatter]:
    """Return the class scatters of those of the tasks that have one, as `read_parts` does."""
    return read_parts(connection, schema.class_scatters, tasks, ClassScatter.from_bytes)
