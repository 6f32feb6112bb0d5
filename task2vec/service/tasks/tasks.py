"""Embedding tasks into the store, and looking after them there."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.distance import task_complexity
from task2vec.errors import NameTakenError, SourceError
from task2vec.service.tasks.subjects import PATH_STARTS
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.types import TaskRecord

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import ErrorSoFar, Progress
    from task2vec.embedding.settings import EmbeddingSettings


@dataclass(frozen=True)
class EmbedRequest:
    """What to embed, with what, and what to call it.

    ``source`` is a path or a `Task`; ``name`` defaults to its stem; ``update`` replaces a task of
    that name.
    """

    source: "str | Task"
    name: str | None = None
    probe: str = "efficientnet_lite0"
    settings: "EmbeddingSettings | None" = None
    tags: tuple[str, ...] = ()
    update: bool = False


def embed(
    workspace: Workspace,
    request: EmbedRequest,
    progress: "Progress | None" = None,
    error: "ErrorSoFar | None" = None,
) -> TaskRecord:
    """Embed a source and add it to the store; the record is on disk when this returns.

    ``error`` hears of the standard error so far.

    Raises, before any work, `NameTakenError` when the name is taken and ``update`` is not set,
    `SettingError` for a name that cannot be used and `StoreError` for a store that cannot be
    written; `SourceError` when the source cannot be embedded. All leave the store as it was.
    """
    from dataclasses import replace

    from task2vec.embedding.settings import EmbeddingSettings

    settings = request.settings or EmbeddingSettings()
    if isinstance(request.source, str):
        task = _opened(request.source, name=request.name)
    else:
        task = replace(request.source, name=request.name or request.source.name)
    check_name(task.name, new=False)
    check_free(workspace, task.name, update=request.update)
    workspace.check_writable()
    started = perf_counter()
    found = workspace.embed(
        task, probe=request.probe, settings=settings, progress=progress, error=error
    )
    record = TaskRecord(
        id="",
        name=task.name,
        provenance=found.embedding.provenance,
        complexity=task_complexity(found.embedding),
        seconds=perf_counter() - started,
        source=task.source,
        source_signature=signature(task, request.probe, settings),
        created="",
        tags=request.tags,
        warnings=found.warnings,
    )
    from task2vec.embedding.thumbnail import thumbnail
    from task2vec.finetune.details import details_of

    return workspace.store(create=True).tasks.add(
        record,
        found.embedding,
        thumbnail=thumbnail(found.sample),
        hashes=found.sample.hashes,
        details=details_of(found),
        replace=request.update,
    )


def _opened(source: str, *, name: str | None) -> "Task":
    from task2vec.data.open import open_source
    from task2vec.data.paths import look_there

    path = Path(source).expanduser()
    if not path.exists() and not source.startswith(PATH_STARTS):
        # The bare word that is most easily mistyped, or meant as something in the store.
        raise SourceError(
            f"There is no file or folder '{source}'",
            expected="a folder with one folder of images per class, an archive, or a list",
            got=f"nothing of this name in {Path.cwd()}",
            remedy=look_there(path),
        )
    return open_source(path, name=name)


def signature(task: "Task", probe: str, settings: "EmbeddingSettings") -> str:
    """Return what `batch` compares: the source's signature, then how it was embedded."""
    from hashlib import sha256

    return f"{task.signature}:{sha256(f'{probe} {settings}'.encode()).hexdigest()[:16]}"


def export(workspace: Workspace, name: str, path: Path) -> TaskRecord:
    """Write a task's embedding, the hashes of its images and its details to a .npz file.

    Raises `UnknownNameError`, and `InputError` when the file cannot be written.
    """
    from task2vec.embedding.files import save_embedding

    store = workspace.store()
    record = store.tasks.get(name)
    hashes = store.tasks.image_hashes(record.id)
    save_embedding(
        store.tasks.embedding(record.id),
        path,
        name=record.name,
        hashes=hashes,
        details=store.tasks.details(record.id),
    )
    return record


def check_free(workspace: Workspace, name: str, *, update: bool) -> None:
    """Raise `NameTakenError` when a task has the name and is not to be replaced.

    And `SettingError` for a new name that cannot be used.
    """
    store = workspace.existing_store()
    known = None if store is None else store.tasks.named(name)
    check_name(name, new=known is None)
    if known is not None and not update:
        raise NameTakenError.of_task(known.name)
