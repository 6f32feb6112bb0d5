"""From anything that names a labelled image set to a task."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from task2vec.data.containers.archives import ARCHIVES, file_suffix, open_tree
from task2vec.data.formats.class_folders import ClassFolders
from task2vec.data.formats.coco import Coco
from task2vec.data.formats.huggingface import HuggingFace
from task2vec.data.formats.labels_file import LabelsFile
from task2vec.data.formats.manifest import Manifest
from task2vec.data.formats.npz import Npz
from task2vec.data.formats.source_format import SourceFile, SourceFormat, largest_document
from task2vec.data.formats.tables import Tables
from task2vec.data.formats.torchvision import Torchvision
from task2vec.data.formats.yolo import Yolo
from task2vec.data.paths import not_opened, tidied
from task2vec.data.task import Task
from task2vec.data.wording import printable
from task2vec.errors import SourceError, WrongTypeError

FORMATS: tuple[SourceFormat, ...] = (
    HuggingFace(),
    Torchvision(),
    Npz(),
    Manifest(),
    # Of a tree, a statement of somebody's goes before the names of folders.
    Tables(),
    Coco(),
    Yolo(),
    LabelsFile(),
    ClassFolders(),
)
"""Every format, in the order in which they are tried; the last one lists any tree or raises."""

ACCEPTED = (
    "a folder with one folder of images per class, images with a labels file, or boxes of "
    "COCO or YOLO; such a folder as .zip, .tar, .tar.gz, .tgz, .tar.bz2 or .tar.xz; a .csv or "
    ".jsonl file with the columns path,label[,split]; a .json or .yaml file of boxes; a .parquet "
    "file; a folder saved by datasets; or a .npz file with the arrays images and labels"
)


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
    for form in FORMATS:
        if (task := form.open_object(source, name=name)) is not None:
            return task
    if not isinstance(source, str | os.PathLike):
        raise WrongTypeError.of(
            "source",
            expected="a path (str or Path), a Task, or a data set of Hugging Face or torchvision",
            got=source,
            remedy="For arrays or images in memory use "
            "`task2vec.data.formats.arrays.task_from_arrays(images, labels)`.",
        )
    path = _existing(os.fsdecode(source))
    # Names on disk are bytes; these two are shown and stored.
    shown = printable(str(path))
    tree = open_tree(path, source=shown, largest=largest_document(trusted=trusted))
    if tree is not None:
        name = name or _stem(path, ARCHIVES) or shown
        opened = (form.open_tree(tree, name=name) for form in FORMATS)
        return next(task for task in opened if task is not None)
    for form in FORMATS:
        if file_suffix(path, form.suffixes) is not None:
            name = name or _stem(path, form.suffixes)
            return form.open_file(SourceFile(path, name, shown, trusted=trusted))
    raise SourceError(
        f"{shown} is no source of labelled images",
        expected=ACCEPTED,
        got=f"a file that ends in {path.suffix!r}" if path.is_file() else "no regular file",
        remedy="Sort the images into one folder per class, and give the folder above them.",
    )


def _existing(given: str) -> Path:
    """Return the absolute path of what is there; raises `SourceError`."""
    if not given:
        raise SourceError("The path of the source is empty", expected=ACCEPTED)
    try:
        path = Path(tidied(str(Path(given).absolute())))
        path.stat()
    except OSError as error:
        raise not_opened(printable(given), error) from error
    except ValueError as error:
        raise SourceError(f"{given!r} is no path", got=str(error)) from error
    return path


def _stem(path: Path, suffixes: Iterable[str]) -> str:
    """Return the name of a folder, or that of a file without one of the suffixes."""
    suffix = file_suffix(path, suffixes)
    if suffix is None:
        return printable(path.resolve().name)
    return printable(path.name[: -len(suffix)] or path.name)
