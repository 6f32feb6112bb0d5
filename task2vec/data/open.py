"""From anything that names a labelled image set to a task."""

import os
from dataclasses import replace
from pathlib import Path

from task2vec.data.folder import task_from_folder
from task2vec.data.task import Task
from task2vec.errors import SourceError

ACCEPTED = (
    "a folder with one folder of images for each class, such a folder as .zip, .tar, .tar.gz, "
    ".tar.bz2 or .tar.xz, a .csv or .jsonl file with path, label and if wanted split, "
    "or a .npz file with the arrays images and labels"
)


def open_source(source: str | os.PathLike[str] | Task, *, name: str | None = None) -> Task:
    """List the images of a source without reading them.

    ``name`` defaults to the source's name without its suffix. A `Task` is returned as it is, or
    under the new name. Raises `SourceError` for anything that is no labelled image set.
    """
    if isinstance(source, Task):
        return source if name is None else replace(source, name=name)
    if not Path(source).is_dir():
        raise SourceError(
            f"{source} cannot be opened as a labelled image set",
            expected=ACCEPTED,
            remedy="Check the path.",
        )
    return task_from_folder(Path(source), name=name or Path(source).name, source=str(source))
