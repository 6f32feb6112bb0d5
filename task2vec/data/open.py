"""From anything that names a labelled image set to a task."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from task2vec.data.archive_tar import task_from_tar
from task2vec.data.archive_zip import task_from_zip
from task2vec.data.files import open_failure
from task2vec.data.folder import task_from_folder
from task2vec.data.manifest import task_from_csv, task_from_jsonl
from task2vec.data.npz import task_from_npz
from task2vec.data.task import Task
from task2vec.data.wording import printable
from task2vec.errors import SourceError

ACCEPTED = (
    "a folder with one folder of images for each class, such a folder as .zip, .tar, .tar.gz, "
    ".tgz, .tar.bz2 or .tar.xz, a .csv or .jsonl file with the columns path,label[,split], "
    "or a .npz file with the arrays images and labels"
)


class _Opener(Protocol):
    def __call__(self, path: Path, /, *, name: str, source: str) -> Task: ...


class _ListOpener(Protocol):
    def __call__(self, path: Path, /, *, name: str, source: str, trusted: bool) -> Task: ...


# They hold everything that is read from them.
_CONTAINERS: dict[str, _Opener] = {
    ".zip": task_from_zip,
    ".tar": task_from_tar,
    ".tar.gz": task_from_tar,
    ".tgz": task_from_tar,
    ".tar.bz2": task_from_tar,
    ".tar.xz": task_from_tar,
    ".npz": task_from_npz,
}
# They name other files.
_LISTS: dict[str, _ListOpener] = {
    ".csv": task_from_csv,
    ".jsonl": task_from_jsonl,
}


def open_source(
    source: str | os.PathLike[str] | Task, *, name: str | None = None, trusted: bool = True
) -> Task:
    """List the images of a source without reading them.

    ``name`` defaults to the source's name without its suffix. A `Task` is returned as it is, or
    under the new name; arrays become one by `task_from_arrays`. Of a source that is not
    ``trusted`` (somebody sent it), nothing is read but what lies in it: in the folder, the archive,
    or the folder of the list. Raises `SourceError` for anything that is no labelled image set.
    """
    if isinstance(source, Task):
        return source if name is None else replace(source, name=name)
    if not isinstance(source, str | os.PathLike):
        raise SourceError(
            "This is no source of labelled images",
            expected=ACCEPTED,
            got=type(source).__name__,
            remedy="Make a task of arrays with task_from_arrays.",
        )
    given = os.fsdecode(source)
    if not given:
        raise SourceError("The path of the source is empty", expected=ACCEPTED)
    try:
        path = Path(given).absolute()
        path.stat()
    except OSError as error:
        raise open_failure(printable(given), error=error) from error
    except ValueError as error:
        raise SourceError(f"{given!r} is no path", got=str(error)) from error
    # Names on disk are bytes; these two are shown and stored.
    source = printable(str(path))
    if path.is_dir():
        name = name or printable(path.resolve().name) or source
        return task_from_folder(path, name=name, source=source)
    suffix = next((s for s in (*_CONTAINERS, *_LISTS) if path.name.lower().endswith(s)), "")
    if suffix and path.is_file():
        name = name or printable(path.name[: -len(suffix)] or path.name)
        if suffix in _LISTS:
            return _LISTS[suffix](path, name=name, source=source, trusted=trusted)
        return _CONTAINERS[suffix](path, name=name, source=source)
    raise SourceError(
        f"{source} is no source of labelled images",
        expected=ACCEPTED,
        got=f"a file that ends in {path.suffix!r}" if path.is_file() else "no regular file",
        remedy="Sort the images into one folder a class and give the folder.",
    )
