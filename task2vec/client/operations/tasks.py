"""The stored tasks."""

import os
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from task2vec.client.backend import Backend, pages
from task2vec.client.files import load_bytes, save_embedding_bytes
from task2vec.client.methods import Call, M, Part, Stream
from task2vec.client.questions import ask, id_of, size_of_pages, texts
from task2vec.client.request import Request, delete, fetch, get, patch, post
from task2vec.client.upload.payload import Payload
from task2vec.errors import InputError
from task2vec.messages.tasks import (
    Task,
    TaskDetails,
    TaskEdit,
    TaskImport,
    TaskLayers,
    TaskListing,
    TaskPage,
    TaskPictures,
)

if TYPE_CHECKING:
    from task2vec.types import TaskEmbedding


class Tasks(Part[M]):
    """The stored tasks."""

    @Stream
    def list(
        self,
        *,
        tag: str | None = None,
        probe: str | None = None,
        bundles: bool = True,
        page_size: int | None = None,
    ) -> AsyncIterator[Task]:
        """Yield the stored tasks by name, or those with a ``tag``, or of a ``probe``.

        Without ``bundles``, only your own. A server gives ``page_size`` of them at a time.
        """
        question = ask(TaskListing, tag=tag, probe=probe, bundles=bundles)
        size = size_of_pages(page_size)
        request = get(TaskPage, "/tasks", question=question, page_size=size)
        return pages(self.backend, request, lambda page: page.tasks)

    @Call
    async def get(self, task: Task | str) -> TaskDetails:
        """Return a task by name or id, with its provenance; raises `UnknownNameError`."""
        return await _details(self.backend, task)

    @Call
    async def embedding(self, task: Task | str) -> "TaskEmbedding":
        """Return a task's embedding, bit by bit as it is stored; raises `UnknownNameError`."""
        content = await self.backend.ask(_file_of(id_of(task)))
        _, embedding, _, _ = await self.backend.compute(partial(load_bytes, content))
        return embedding

    @Call
    async def layers(self, task: Task | str) -> TaskLayers:
        """Return the information in each layer of the probe; raises `UnknownNameError`."""
        return await self.backend.ask(get(TaskLayers, "/tasks/{}/layers", id_of(task)))

    @Call
    async def pictures(self, task: Task | str) -> TaskPictures:
        """Return what is on the sheet of a task's pictures; raises `UnknownNameError`."""
        return await self.backend.ask(get(TaskPictures, "/tasks/{}/pictures", id_of(task)))

    @Call
    async def picture_sheet(self, task: Task | str) -> bytes:
        """Return small pictures of a task's images by class, as a JPEG that `pictures` describes.

        Raises `UnknownNameError`, also for a task without pictures.
        """
        return await self.backend.ask(fetch("/tasks/{}/pictures/sheet", id_of(task)))

    @Call
    async def export(self, task: Task | str, path: str | os.PathLike[str]) -> Task:
        """Write a task's embedding to a .npz file, whole or not at all.

        Raises `UnknownNameError`, and `InputError` when the file cannot be written.
        """
        details = await _details(self.backend, task)
        content = await self.backend.ask(_file_of(details.id))
        await self.backend.compute(lambda: save_embedding_bytes(Path(path), content))
        return _without_details(details)

    @Call
    async def import_embedding(
        self,
        embedding: "str | os.PathLike[str] | TaskEmbedding",
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        update: bool = False,
    ) -> Task:
        """Store an embedding that was computed elsewhere: a .npz file, or a `TaskEmbedding`.

        ``name`` is needed for the latter. Raises `InputError` for a file that is none,
        `NameTakenError`, and `SpaceMismatchError` where nothing here could be compared with it.
        """
        question = ask(TaskImport, name=name, tags=texts("tags", tags), update=update)
        payload = await self.backend.compute(lambda: _payload(embedding, name))
        request = post(Task, "/tasks:import", question=question, embedding=payload)
        return await self.backend.ask(request)

    @Call
    async def edit(
        self, task: Task | str, *, name: str | None = None, tags: Sequence[str] | None = None
    ) -> Task:
        """Change a task's name or tags; None leaves them.

        Raises `UnknownNameError`, `NameTakenError`, and `ChangedError` where somebody else changed
        it in between.
        """
        changes: dict[str, Any] = {} if name is None else {"name": name}
        changes |= {} if tags is None else {"tags": texts("tags", tags)}
        question = ask(TaskEdit, **changes)
        seen, tag = await self.backend.ask_tagged(get(TaskDetails, "/tasks/{}", id_of(task)))
        if not changes:
            return _without_details(seen)
        request = patch(Task, "/tasks/{}", seen.id, question=question)
        return await self.backend.ask(request.with_headers(If_Match=tag) if tag else request)

    @Call
    async def remove(self, task: Task | str, *, cascade: bool = False) -> Task:
        """Remove a task and return what it was; with ``cascade`` its experts and outcomes go too.

        Raises `UnknownNameError`, and `InputError` when something hangs on it without ``cascade``.
        """
        details = await _details(self.backend, task)
        await self.backend.ask(delete("/tasks/{}", details.id, cascade=cascade))
        return _without_details(details)


async def _details(backend: Backend, task: Task | str) -> TaskDetails:
    return await backend.ask(get(TaskDetails, "/tasks/{}", id_of(task)))


def _file_of(task: str) -> Request[bytes]:
    return fetch("/tasks/{}/embedding", task, accept="application/octet-stream")


def _without_details(task: TaskDetails) -> Task:
    return Task.model_validate(task.model_dump())


def _payload(embedding: "str | os.PathLike[str] | TaskEmbedding", name: str | None) -> Payload:
    from task2vec.embedding.files import load_embedding, save_embedding

    if isinstance(embedding, str | os.PathLike):
        path = Path(embedding).expanduser()
        # What is no embedding is told here, not after it was sent.
        stated, _ = load_embedding(path)
        return Payload.of_file(path, name=name or stated, suffix=".npz")
    if name is None:
        raise InputError("An embedding that is no file needs a name", remedy="Give name=...")
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        save_embedding(embedding, path, name=name)
        content = path.read_bytes()
    return Payload.of(lambda: iter((content,)), length=len(content), name=name, suffix=".npz")
