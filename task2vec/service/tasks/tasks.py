"""Writing a stored task to a file."""

from pathlib import Path

from task2vec.service.workspace import Workspace
from task2vec.types import TaskRecord


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
