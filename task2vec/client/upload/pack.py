"""Decides how a source is sent."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from task2vec.client.upload.parts import (
    Part,
    part_of_bytes,
    part_of_entry,
    part_of_file,
    relative,
    walk,
)
from task2vec.client.upload.payload import Payload
from task2vec.data.paths import check_there, expanded, is_folder, not_opened
from task2vec.errors import SourceError, WrongTypeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from task2vec.data.task import Task

ARCHIVES = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".tgz", ".zip", ".npz", ".parquet")
LISTS = (".csv", ".jsonl")


def is_task(source: Any) -> bool:
    """Whether a source is a `Task`, told without loading what tasks are made of."""
    return hasattr(source, "entries") and hasattr(source, "reader")


def check_source(source: Any) -> None:
    """Raise `WrongTypeError` for what can be neither the name of a task nor a source."""
    if not isinstance(source, str | os.PathLike) and not is_task(source):
        raise WrongTypeError.of(
            "source",
            expected="a name, a path (str or Path), or a Task",
            got=source,
            remedy="`task2vec.open_source(...)` makes a Task of a data set, "
            "`task2vec.data.formats.arrays.task_from_arrays(images, labels)` of arrays.",
        )


def default_name(source: "str | os.PathLike[str] | Task") -> str:
    """Return what a source is called: its file's name without the suffix, or its folder's."""
    check_source(source)
    if not isinstance(source, str | os.PathLike):
        return str(getattr(source, "name", "task"))
    path = expanded(Path(source))
    if is_folder(path):
        return path.resolve().name or str(path)
    suffix = _suffix(path)
    return path.name[: -len(suffix)] or path.name if suffix else path.name


def pack(source: "str | os.PathLike[str] | Task", *, name: str | None = None) -> Payload:
    """Return what is uploaded of a source, hashed: an archive as it is, all else as one tar.

    A folder is sent with everything in it that is not hidden, a list with the images that it names.

    Raises:
        SourceError: when the source is not there, or is of no kind that can be sent.
    """
    check_source(source)
    called = name or default_name(source)
    if not isinstance(source, str | os.PathLike):
        return Payload.of_parts(_task_parts(source), name=called)
    path = expanded(Path(source))
    check_there(path)
    try:
        if path.is_dir():
            parts = [part_of_entry(relative(each, path), each) for each in walk(path)]
            if not any(part.is_file for part in parts):
                raise SourceError(f"{path} holds no files", expected="folders of images")
            return Payload.of_parts(parts, name=called)
        suffix = _suffix(path)
        if suffix in ARCHIVES and path.is_file():
            return Payload.of_file(path, name=called, suffix=suffix)
        if suffix in LISTS and path.is_file():
            return Payload.of_parts(_listed_parts(path), name=called)
    except OSError as error:
        # Of a folder, it may be one below that cannot be opened.
        raise not_opened(Path(error.filename or path), error) from error
    raise SourceError(
        f"{source} is no source of labelled images",
        expected=f"a folder, or a file that ends in {', '.join((*ARCHIVES, *LISTS))}",
        got=f"a file that ends in '{path.suffix}'" if path.is_file() else "no regular file",
        remedy="Sort the images into one folder per class, and give the folder above them.",
    )


def _suffix(path: Path) -> str | None:
    name = path.name.lower()
    return next((suffix for suffix in (*ARCHIVES, *LISTS) if name.endswith(suffix)), None)


def _listed_parts(path: Path) -> list[Part]:
    """Return the list itself, under a name that the server knows, and the images it names."""
    from task2vec.data.formats.rows import csv_rows, jsonl_rows

    rows = csv_rows if path.suffix.lower() == ".csv" else jsonl_rows
    root = path.resolve().parent
    images: dict[str, Path] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in rows(file, str(path)):
                image = Path(os.path.normpath(root / row.path))
                if not image.is_relative_to(root):
                    raise SourceError(
                        f"Line {row.line} of {path} leads out of its folder",
                        got=row.path,
                        remedy="Put the list above its images: a server sees what is sent with it.",
                    )
                if image.is_file():
                    images[relative(image, root)] = image
    except UnicodeDecodeError as error:
        raise SourceError(f"{path} is no text in UTF-8", got=str(error)) from error
    images.pop(f"labels{path.suffix.lower()}", None)
    listed = part_of_file(f"labels{path.suffix.lower()}", path)
    return [listed, *(part_of_file(name, image) for name, image in sorted(images.items()))]


def _task_parts(task: Any) -> list[Part]:
    """Return the images of a task in the folders of their splits and classes.

    Images that may have several labels are sent with a list of them.
    """
    listed = {e.key: e for e in task.entries if hasattr(e.label, "present")}
    places = {
        entry.key: "images"
        if listed
        else "/".join(filter(None, (entry.split, _safe(task.classes[entry.label]))))
        for entry in task.entries
    }
    parts, lines = [], []
    for number, (key, raw) in enumerate(task.reader.read(list(places))):
        if isinstance(raw, Exception):
            continue
        content, suffix = (raw, Path(key).suffix) if isinstance(raw, bytes) else (_png(raw), ".png")
        path = f"{places[key]}/{number:07}{suffix or '.png'}"
        parts.append(part_of_bytes(path, content))
        if key in listed:
            lines.append(_line(path, listed[key], task.classes))
    if listed:
        parts.insert(0, part_of_bytes("labels.jsonl", "".join(lines).encode()))
    return parts


def _line(path: str, entry: Any, classes: "Sequence[str]") -> str:
    """Return the line of a list: of every class whether the image has it, null if nobody knows."""
    said: dict[str, int | None] = dict.fromkeys(classes, 0)
    said |= {classes[i]: 1 for i in entry.label.present}
    said |= {classes[i]: None for i in entry.label.missing}
    split = {"split": entry.split} if entry.split else {}
    return json.dumps({"path": path, "labels": said, **split}) + "\n"


def _safe(label: str) -> str:
    return label.replace("/", "_").replace("\\", "_").lstrip(".") or "_"


def _png(image: Any) -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
