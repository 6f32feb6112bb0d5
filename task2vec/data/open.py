"""From anything that names a labelled image set to a task."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from task2vec.data.containers.archives import ARCHIVES
from task2vec.data.containers.folder import folder_tree
from task2vec.data.formats.arrangement import task_from_tree
from task2vec.data.formats.detection import task_from_json, task_from_yaml
from task2vec.data.formats.huggingface import is_huggingface, task_from_huggingface
from task2vec.data.formats.manifest import task_from_csv, task_from_jsonl
from task2vec.data.formats.npz import task_from_npz
from task2vec.data.formats.table_files import task_from_parquet
from task2vec.data.formats.torchvision import is_indexed, task_from_indexed
from task2vec.data.paths import tidied
from task2vec.data.pixels.files import open_failure
from task2vec.data.pixels.limits import MAX_DOCUMENT_BYTES, MAX_SENT_DOCUMENT_BYTES
from task2vec.data.task import Task
from task2vec.data.wording import printable
from task2vec.errors import SourceError, WrongTypeError

ACCEPTED = (
    "a folder with one folder of images per class, images with a labels file, or boxes of "
    "COCO or YOLO; such a folder as .zip, .tar, .tar.gz, .tgz, .tar.bz2 or .tar.xz; a .csv or "
    ".jsonl file with the columns path,label[,split]; a .json or .yaml file of boxes; a .parquet "
    "file; a folder saved by datasets; or a .npz file with the arrays images and labels"
)


class _Opener(Protocol):
    def __call__(self, path: Path, /, *, name: str, source: str) -> Task: ...


class _ListOpener(Protocol):
    def __call__(self, path: Path, /, *, name: str, source: str, trusted: bool) -> Task: ...


_LISTS: dict[str, _ListOpener] = {
    ".csv": task_from_csv,
    ".jsonl": task_from_jsonl,
    ".json": task_from_json,
    ".yaml": task_from_yaml,
    ".yml": task_from_yaml,
}
_CONTAINERS: dict[str, _Opener] = {".npz": task_from_npz, ".parquet": task_from_parquet}


def open_source(source: object, *, name: str | None = None, trusted: bool = True) -> Task:
    """List the images of a source without reading them.

    ``source`` is a path, a `Task` (returned as it is, or under the new name), a ``Dataset`` or
    ``DatasetDict`` of Hugging Face's, or a data set of torchvision's; arrays become a task by
    `task_from_arrays`. ``name`` defaults to the source's name without its suffix. Of a source that
    is not ``trusted`` (somebody sent it), nothing is read but what lies in it: in the folder, the
    archive, or the folder of the list.

    Raises:
        WrongTypeError: for any other object; it is a `TypeError`.
        SourceError: for a path that is no labelled image set.
        MissingExtraError: for tables without pyarrow.
    """
    if isinstance(source, Task):
        return source if name is None else replace(source, name=name)
    if is_huggingface(source):
        return task_from_huggingface(source, name=name)
    if is_indexed(source):
        return task_from_indexed(source, name=name)
    if not isinstance(source, str | os.PathLike):
        raise WrongTypeError.of(
            "source",
            expected="a path (str or Path), a Task, or a data set of Hugging Face or torchvision",
            got=source,
            remedy="For arrays or images in memory use "
            "`task2vec.data.formats.arrays.task_from_arrays(images, labels)`.",
        )
    given = os.fsdecode(source)
    if not given:
        raise SourceError("The path of the source is empty", expected=ACCEPTED)
    try:
        path = Path(tidied(str(Path(given).absolute())))
        path.stat()
    except OSError as error:
        raise open_failure(printable(given), error=error) from error
    except ValueError as error:
        raise SourceError(f"{given!r} is no path", got=str(error)) from error
    # Names on disk are bytes; these two are shown and stored.
    source = printable(str(path))
    largest = MAX_DOCUMENT_BYTES if trusted else MAX_SENT_DOCUMENT_BYTES
    if path.is_dir():
        name = name or printable(path.resolve().name) or source
        return task_from_tree(folder_tree(path, source=source, largest=largest), name=name)
    suffix = _suffix(path)
    if suffix is not None:
        name = name or printable(path.name[: -len(suffix)] or path.name)
        if suffix in ARCHIVES:
            tree = ARCHIVES[suffix](path, source=source, largest=largest)
            return task_from_tree(tree, name=name)
        if suffix in _LISTS:
            return _LISTS[suffix](path, name=name, source=source, trusted=trusted)
        return _CONTAINERS[suffix](path, name=name, source=source)
    raise SourceError(
        f"{source} is no source of labelled images",
        expected=ACCEPTED,
        got=f"a file that ends in {path.suffix!r}" if path.is_file() else "no regular file",
        remedy="Sort the images into one folder per class, and give the folder above them.",
    )


def _suffix(path: Path) -> str | None:
    """Return the known suffix of a regular file."""
    known = (*ARCHIVES, *_LISTS, *_CONTAINERS)
    found = (suffix for suffix in known if path.name.lower().endswith(suffix))
    return next(found, None) if path.is_file() else None
