"""A detection data set that is named by the file that describes it."""

import os
from pathlib import Path
from typing import Any

from task2vec.data.containers.folder import folder_tree
from task2vec.data.formats.coco import parse_coco, task_from_annotations
from task2vec.data.formats.yaml_subset import parse_yaml
from task2vec.data.formats.yolo import task_from_names
from task2vec.data.pixels.files import read_file
from task2vec.data.pixels.limits import MAX_DOCUMENT_BYTES, MAX_SENT_DOCUMENT_BYTES
from task2vec.data.task import Task
from task2vec.data.wording import printable
from task2vec.errors import SourceError


def task_from_json(path: Path, *, name: str, source: str, trusted: bool) -> Task:
    """List the boxes of a file in COCO's JSON.

    The images are looked for below its folder, or below the folder above if it is called
    ``annotations`` and the file is trusted. Raises `SourceError` for other files, and as
    `task_from_annotations` does.
    """
    path = path.resolve()
    largest = MAX_DOCUMENT_BYTES if trusted else MAX_SENT_DOCUMENT_BYTES
    document = parse_coco(_contents(path, source=source, largest=largest), called=source)
    if document is None:
        raise SourceError(
            f"{source} describes no boxes",
            expected="an object with the lists images, annotations and categories, as COCO has it",
            remedy="Labels of whole images go into a .csv or .jsonl file with path and label.",
        )
    beside = trusted and path.parent.name == "annotations"
    root = path.parent.parent if beside else path.parent
    tree = folder_tree(root, source=source, largest=largest)
    paper = printable(str(path.relative_to(root)))
    return task_from_annotations(tree, {paper: document}, name=name)


def task_from_yaml(path: Path, *, name: str, source: str, trusted: bool) -> Task:
    """List the boxes of a data set of YOLO's, named by its YAML file.

    The images are looked for below its folder, or below the ``path`` that it names if that exists
    and the file is trusted. Raises `SourceError` for other files, and as `task_from_names` does.
    """
    path = path.resolve()
    largest = MAX_DOCUMENT_BYTES if trusted else MAX_SENT_DOCUMENT_BYTES
    document = parse_yaml(_contents(path, source=source, largest=largest), called=source)
    if not isinstance(document, dict) or not document.get("names"):
        raise SourceError(
            f"{source} names no classes",
            expected="a YAML file with names, and perhaps train, val and test, as YOLO has it",
            got=type(document).__name__,
        )
    root = (_named_root(path, document) if trusted else None) or path.parent
    tree = folder_tree(root, source=source, largest=largest)
    return task_from_names(tree, document, name=name, paper=printable(path.name))


def _contents(path: Path, *, source: str, largest: int) -> bytes:
    found = read_file(str(path), largest=largest)
    if isinstance(found, bytes):
        return found
    raise SourceError(f"{source} cannot be opened", got=found.problem)


def _named_root(path: Path, document: dict[str, Any]) -> Path | None:
    given = document.get("path")
    if not isinstance(given, str) or not given or "\0" in given:
        return None
    root = Path(os.path.normpath(path.parent / given))
    return root if root.is_dir() else None
