"""The stored tasks."""

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.named import path_of_task
from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.packing.form import Form
from task2vec.client.packing.payload import Payload
from task2vec.client.request import Answer, Method, Request, delete, get, patch, reader, segment
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, Stream, compute
from task2vec.errors import InputError
from task2vec.messages.tasks import Task, TaskDetails, TaskEdit, TaskPage

if TYPE_CHECKING:
    from task2vec.types import TaskEmbedding
    from task2vec.types.details import EmbeddingDetails
    from task2vec.types.image_hashes import ImageHashes

_NPZ = "application/octet-stream"


def list_tasks(
    sender: Sender,
    *,
    tag: str | None = None,
    probe: str | None = None,
    page_size: int | None = None,
) -> Stream[Task]:
    """Yield the stored tasks by name, or those with a ``tag``, or of a ``probe``.

    A server gives ``page_size`` of them at a time.
    """
    request = get("/tasks", TaskPage, tag=tag, probe=probe, page_size=size_of_pages(page_size))
    return pages(sender, request, lambda page: page.tasks)


def get_task(sender: Sender, task: Task | str) -> Steps[TaskDetails]:
    """Return a task by name or id, with its provenance; raises `UnknownNameError`."""
    path = yield from path_of_task(sender, id_of(task))
    found = yield from call(sender, get(path, TaskDetails))
    return found


def embedding_of(sender: Sender, task: Task | str) -> "Steps[TaskEmbedding]":
    """Return a task's embedding, bit by bit as it is stored; raises `UnknownNameError`."""
    path = yield from path_of_task(sender, id_of(task))
    content = yield from call(sender, _npz_at(path))
    _, embedding, _, _ = yield from compute(lambda: _loaded(content))
    return embedding


def export_task(sender: Sender, task: Task | str, path: str | os.PathLike[str]) -> Steps[Task]:
    """Write a task's embedding to a .npz file, whole or not at all.

    Raises `UnknownNameError`, and `InputError` when the file cannot be written.
    """
    found = yield from get_task(sender, task)
    content = yield from call(sender, _npz_at(f"/tasks/{segment(found.id)}"))

    def save() -> None:
        from task2vec.embedding.files import save_embedding

        name, embedding, hashes, details = _loaded(content)
        save_embedding(embedding, Path(path), name=name, hashes=hashes, details=details)

    yield from compute(save)
    return _without_details(found)


def import_task(
    sender: Sender,
    embedding: "str | os.PathLike[str] | TaskEmbedding",
    *,
    name: str | None = None,
    tags: Sequence[str] = (),
    update: bool = False,
) -> Steps[Task]:
    """Store an embedding that was computed elsewhere: a .npz file, or a `TaskEmbedding`.

    ``name`` is needed for the latter. Raises `InputError` for a file that is none,
    `NameTakenError`, and `SpaceMismatchError` where nothing here could be compared with it.
    """
    asked = ask(TaskEdit, name=name, tags=texts("tags", tags))
    payload = yield from compute(lambda: _payload(embedding, name))
    fields = [] if asked.name is None else [("name", asked.name)]
    fields += [("tags", tag) for tag in asked.tags or ()]
    fields += [("update", "true")] if update else []
    form = Form(payload, fields, file_field="embedding")
    request = Request(Method.POST, "/tasks:import", reader(Task), body=form, patient=True)
    found = yield from call(sender, request)
    return found


def edit_task(
    sender: Sender, task: Task | str, *, name: str | None = None, tags: Sequence[str] | None = None
) -> Steps[Task]:
    """Change a task's name or tags; None leaves them.

    Raises `UnknownNameError`, `NameTakenError`, and `ChangedError` where somebody else changed it
    in between.
    """
    changes: dict[str, Any] = {} if name is None else {"name": name}
    changes |= {} if tags is None else {"tags": texts("tags", tags)}
    question = ask(TaskEdit, **changes)
    path = yield from path_of_task(sender, id_of(task))
    found, tag = yield from call(sender, _tagged(get(path, TaskDetails)))
    if not changes:
        return _without_details(found)
    request = patch(f"/tasks/{segment(found.id)}", Task, question)
    edited = yield from call(sender, request.with_headers(If_Match=tag) if tag else request)
    return edited


def remove_task(sender: Sender, task: Task | str, *, cascade: bool = False) -> Steps[Task]:
    """Remove a task and return what it was; with ``cascade`` its experts and outcomes go too.

    Raises `UnknownNameError`, and `InputError` when something hangs on it without ``cascade``.
    """
    found = yield from get_task(sender, task)
    yield from call(sender, delete(f"/tasks/{segment(found.id)}", cascade=cascade))
    return _without_details(found)


def _without_details(task: TaskDetails) -> Task:
    return Task.model_validate(task.model_dump())


def _npz_at(path: str) -> Request[bytes]:
    return Request(
        Method.GET,
        f"{path}/embedding",
        lambda answer: answer.content,
        headers={"Accept": _NPZ},
    )


def _tagged(request: Request[TaskDetails]) -> Request[tuple[TaskDetails, str]]:
    """Return a request whose answer comes with what it is known by (its ETag)."""

    def read(answer: Answer) -> tuple[TaskDetails, str]:
        return request.read(answer), answer.headers.get("etag", "")

    return Request(request.method, request.path, read)


def _loaded(
    content: bytes,
) -> "tuple[str, TaskEmbedding, ImageHashes | None, EmbeddingDetails | None]":
    from task2vec.embedding.files import load_details, load_embedding, load_hashes

    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        path.write_bytes(content)
        name, embedding = load_embedding(path)
        return name, embedding, load_hashes(path), load_details(path, embedding)


def _payload(embedding: "str | os.PathLike[str] | TaskEmbedding", name: str | None) -> Payload:
    from task2vec.embedding.files import load_embedding, save_embedding

    if isinstance(embedding, str | os.PathLike):
        path = Path(embedding).expanduser()
        # What is no embedding is told here, not after it was sent.
        called, _ = load_embedding(path)
        return Payload.of_file(path, name=name or called, suffix=".npz")
    if name is None:
        raise InputError("An embedding that is no file needs a name", remedy="Give name=...")
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        save_embedding(embedding, path, name=name)
        content = path.read_bytes()
    return Payload.of(lambda: iter((content,)), length=len(content), name=name, suffix=".npz")
