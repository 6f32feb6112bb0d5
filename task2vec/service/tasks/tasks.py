"""Stored tasks: making their records, listing, editing, removing and exporting them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from task2vec.distance import task_complexity
from task2vec.messages.tasks import StoredTask, TaskDetails, TaskEdit, TaskListing
from task2vec.service.disk import delete_though_full
from task2vec.service.models.experts import drop_checkpoints
from task2vec.service.workspace import Part, Workspace
from task2vec.types import TaskEmbedding


def task_record(embedding: TaskEmbedding, **fields: Any) -> StoredTask:
    """Return the record of an embedded task, ready to be stored.

    ``fields`` are those of `StoredTask` beside what the embedding tells.
    """
    return StoredTask.model_validate(
        {
            "provenance": embedding.provenance,
            "complexity": task_complexity(embedding),
            **fields,
        }
    )


def export(workspace: Workspace, name: str, path: Path) -> StoredTask:
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


def list_tasks(
    workspace: Workspace, question: TaskListing, *, limit: int, after: str | None = None
) -> Part[StoredTask]:
    """Return up to ``limit`` tasks by name, from behind the name ``after``."""
    found = workspace.store().tasks.page(question, limit=limit + 1, after=after)
    return Part(found[:limit], found[limit - 1].name if len(found) > limit else None)


def details_for_others(task: StoredTask) -> TaskDetails:
    """Return a task with its provenance, without the path of its source on this machine."""
    return TaskDetails.model_validate(task).model_copy(update={"source": None})


def edit_task(
    workspace: Workspace,
    name_or_id: str,
    edit: TaskEdit,
    *,
    check: Callable[[StoredTask], None] | None = None,
) -> StoredTask:
    """Rename or tag a task; what is None stays. ``check`` may stop it, having seen the record.

    Raises `UnknownNameError`, `NameTakenError`, `SettingError` for an unusable name.
    """
    return workspace.store().tasks.edit(name_or_id, name=edit.name, tags=edit.tags, check=check)


def remove_task(
    workspace: Workspace,
    name_or_id: str,
    *,
    cascade: bool = False,
    check: Callable[[StoredTask], None] | None = None,
) -> StoredTask:
    """Remove a task; with ``cascade`` its experts, their checkpoints and all outcomes go too.

    ``check`` may stop it, having seen the record. Raises `UnknownNameError`, and `StateError` when
    something hangs on it without ``cascade``.
    """
    store = workspace.store()
    task = store.tasks.get(name_or_id)
    experts = [model for model in store.models.list() if model.task == task.id]

    def delete() -> StoredTask:
        removed = store.tasks.remove(task.id, cascade=cascade, check=check)
        drop_checkpoints(workspace, experts)
        return removed

    return delete_though_full(workspace.path, delete)
