"""The sources of a batch: those of a folder, or of a list."""

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from task2vec.data.containers.tree import SUFFIXES
from task2vec.data.paths import check_there, expanded, is_folder, look_there
from task2vec.data.wording import typed
from task2vec.errors import InputError, SettingError
from task2vec.types.names import LONGEST_NAME, MOST_TAGS, check_name, is_name


@dataclass(frozen=True)
class BatchSource:
    """One source of a batch; ``skipped`` says why nothing is to be done about it."""

    source: Path
    name: str
    tags: tuple[str, ...] = ()
    skipped: str | None = None


def find_items(source: Path) -> list[BatchSource]:
    """Return the items of a folder of sources, or of a CSV or JSONL list of them.

    In a folder every visible sub-folder and archive is a source; a folder without files is skipped.
    A list names ``source`` (relative to the list) and may add ``name`` and ``tags`` (separated by
    spaces, or a JSON list).

    Raises `InputError` when it is neither, is empty, is the folder of one task, or names a task
    twice.
    """
    if is_folder(source):
        items = [
            BatchSource(
                path, path.name if path.is_dir() else _stem(path), skipped=_nothing_in(path)
            )
            for path in sorted(source.iterdir())
            if not path.name.startswith(".") and (path.is_dir() or _stem(path) != path.name)
        ]
        if items and all(_is_class_folder(item.source) for item in items):
            raise InputError(
                f"The sub-folders of {source} are no tasks: they hold images and no class folders",
                expected="a folder of tasks",
                got="a folder of classes, which is one task",
                remedy=f"Embed it: `task2vec embed {typed(str(source))}`.",
            )
    elif _is_file(source):
        items = _listed(source)
    else:
        raise InputError(
            f"There is no {source}",
            expected="a folder of sources, or a .csv or .jsonl list of them",
            got="no such file or folder",
            remedy=look_there(source),
        )
    if not items:
        raise InputError(
            f"{source} holds no sources", expected="sub-folders or archives, one for each task"
        )
    seen: dict[str, BatchSource] = {}
    for item in items:
        if item.name in seen:
            raise InputError(
                f"Two sources would be named '{item.name}'",
                got=f"{seen[item.name].source} and {item.source}",
                remedy="List them in a CSV file with the columns source,name.",
            )
        seen[item.name] = item
    return items


def check_item(item: BatchSource, *, new: bool = True) -> None:
    """Raise what this item alone is refused for, before any work is done for it.

    ``new``: there is no task of its name yet, as far as is known (see `check_name`).

    Raises:
        SourceError: when its source cannot be opened.
        SettingError: for a name or tag that cannot be used, or too many tags.
    """
    check_there(expanded(item.source))
    check_name(item.name, new=new)
    faulty = [tag for tag in item.tags if not is_name(tag)]
    if faulty or len(item.tags) > MOST_TAGS:
        raise SettingError(
            "These tags cannot be used",
            expected=f"at most {MOST_TAGS} of 1 to {LONGEST_NAME} printable characters",
            got=repr(faulty[0][: LONGEST_NAME + 1]) if faulty else f"{len(item.tags)} tags",
        )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _nothing_in(path: Path) -> str | None:
    """Return what to say of a folder without a single file: nobody means it as a task."""
    if not path.is_dir() or any(files for _, _, files in os.walk(path)):
        return None
    return "the folder holds no files"


def _is_class_folder(path: Path) -> bool:
    """Return whether a folder holds images, and beside them neither folders nor documents."""
    if not path.is_dir():
        return False
    visible = [child for child in path.iterdir() if not child.name.startswith(".")]
    return bool(visible) and all(
        child.suffix.lower() in SUFFIXES and child.is_file() for child in visible
    )


def _stem(path: Path) -> str:
    """Return an archive's name without its suffix; a name that is no archive's stays."""
    for suffix in (".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".tgz", ".zip", ".npz"):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name


def _listed(path: Path) -> list[BatchSource]:
    try:
        # Line ends as they are: in a quoted cell they belong to the text.
        with path.open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read", expected="a .csv or .jsonl list in UTF-8", got=str(error)
        ) from error
    try:
        if path.suffix.lower() == ".csv":
            reader = csv.DictReader(io.StringIO(text, newline=""))
            rows = [(reader.line_num, row) for row in reader]
        elif path.suffix.lower() == ".jsonl":
            rows = list(_json_lines(text))
        else:
            raise InputError(
                f"{path} is no list of sources",
                expected="a folder of sources, or a .csv or .jsonl list of them",
                got=f"a file that ends in '{path.suffix}'",
                remedy="For a single source use `task2vec embed`.",
            )
    except (csv.Error, ValueError) as error:
        raise InputError(f"{path} cannot be read as a list", got=str(error)) from error
    return [_item(path, number, row) for number, row in rows]


def _json_lines(text: str) -> Iterator[tuple[int, Any]]:
    """Yield each line that is not empty, with its number; raises `ValueError` that names it."""
    # JSON may hold what else Python takes for the end of a line.
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            if line.strip():
                yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            # Its own words count lines within this one.
            fault = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise ValueError(f"in line {number}: {fault}") from error


def _item(path: Path, number: int, row: Any) -> BatchSource:
    source = row.get("source") if isinstance(row, dict) else None
    if not isinstance(source, str) or not source:
        raise InputError(
            f"Line {number} of {path} names no source",
            expected="source, and perhaps name and tags",
            got=json.dumps(row)[:100],
        )
    tags = row.get("tags") or ()
    tags = tags.split() if isinstance(tags, str) else tags
    located = path.parent / source
    name = row.get("name") or (located.name if is_folder(located) else _stem(located))
    listed = isinstance(tags, list | tuple) and all(isinstance(tag, str) for tag in tags)
    if not isinstance(name, str) or not listed or None in row:
        raise InputError(
            f"Line {number} of {path} is no source",
            expected="a name, and tags separated by spaces or as a list of texts",
            got=json.dumps(row)[:100],
        )
    return BatchSource(located, name, tuple(tags))
