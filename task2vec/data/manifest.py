"""A CSV or JSON Lines file that lists images with their labels.

The columns are ``path``, ``label`` and, if wanted, ``split``; a CSV file names them in its first
line. Paths are relative to the folder of the manifest, or absolute. The listed files are opened
whatever their names end in, and links are followed, since somebody wrote each of them down. In a
list that is not trusted, somebody may have written down what is not theirs: there, absolute paths
and ``..`` are refused and links that lead out of the manifest's folder are not followed.
"""

import csv
import json
import os
import posixpath
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from task2vec.data.files import LEADS_OUT, FileReader, inside, leads_out, open_failure, stamp
from task2vec.data.inventory import build_task
from task2vec.data.layout import SPLIT_NAMES
from task2vec.data.task import ImageEntry, Task
from task2vec.data.wording import examples, plural
from task2vec.errors import SourceError

COLUMNS = ("path", "label", "split")


@dataclass(frozen=True)
class _Row:
    line: int
    path: str
    label: str
    split: str | None


def task_from_csv(path: Path, *, name: str, source: str, trusted: bool) -> Task:
    """List the images of a CSV file with the columns path, label and perhaps split.

    Raises `SourceError`, naming the line, for anything that is not such a file.
    """
    return _task(path, rows=_csv_rows, name=name, source=source, trusted=trusted)


def task_from_jsonl(path: Path, *, name: str, source: str, trusted: bool) -> Task:
    """List the images of a file with one JSON object ``{"path": ..., "label": ...}`` a line.

    Raises `SourceError`, naming the line, for anything that is not such a file.
    """
    return _task(path, rows=_jsonl_rows, name=name, source=source, trusted=trusted)


Rows = Callable[[TextIO, str], Iterator[_Row]]


def _task(manifest: Path, *, rows: Rows, name: str, source: str, trusted: bool) -> Task:
    listed: dict[str, _Row] = {}
    repeated: list[str] = []
    try:
        # Excel writes a byte order mark.
        with manifest.open(encoding="utf-8-sig", newline="") as file:
            for row in rows(file, source):
                key = posixpath.normpath(row.path)
                if not trusted and leads_out(row.path):
                    raise _line_error(
                        source, line=row.line, expected="a path below the list", got=row.path
                    )
                first = listed.setdefault(key, row)
                if (first.label, first.split) != (row.label, row.split):
                    raise _line_error(
                        source, line=row.line, got=f"{key}, listed otherwise in line {first.line}"
                    )
                if first is not row:
                    repeated.append(key)
    except OSError as error:
        raise open_failure(source, error=error) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{source} is no text in UTF-8", got=str(error), remedy="Save it as UTF-8."
        ) from error
    if not listed:
        raise SourceError(f"{source} lists no images", expected="a line for each image")
    classes = tuple(sorted({row.label for row in listed.values()}))
    index = {label: i for i, label in enumerate(classes)}
    root = str(manifest.resolve().parent)
    paths = {key: os.path.join(root, key) for key in listed}  # noqa: PTH118
    bound = None if trusted else root
    stamps = {key: _stamp(path, root=bound) for key, path in paths.items()}
    warnings = []
    if repeated:
        warnings.append(f"{plural(len(repeated), 'line')} listed again: {examples(repeated)}")
    if missing := [key for key, found in stamps.items() if found is None]:
        warnings.append(f"{plural(len(missing), 'listed file')} not found: {examples(missing)}")
    return build_task(
        tuple(ImageEntry(key, index[row.label], row.split) for key, row in listed.items()),
        classes=classes,
        name=name,
        source=source,
        stamps=[found or "missing" for found in stamps.values()],
        warnings=warnings,
        reader=FileReader(paths, root=bound),
    )


def _stamp(path: str, *, root: str | None) -> str | None:
    if root is not None and not inside(path, root=root):
        # Whether there is something outside is nobody's business either.
        return LEADS_OUT
    try:
        return stamp(os.stat(path))  # noqa: PTH116
    except OSError:
        return None


def _csv_rows(file: TextIO, source: str) -> Iterator[_Row]:
    reader = csv.reader(file, strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        known = [column for column in header if column in COLUMNS]
        if not {"path", "label"} <= set(known) or len(set(known)) < len(known):
            raise SourceError(
                f"The first line of {source} does not name the columns",
                expected="path,label or path,label,split",
                got=",".join(header) or "an empty line",
                remedy="Separate columns by commas and name them in the first line.",
            )
        for cells in reader:
            line = reader.line_num
            if not cells:
                continue
            if len(cells) != len(header):
                raise _line_error(
                    source,
                    line=line,
                    expected=plural(len(header), "column"),
                    got=plural(len(cells), "column"),
                )
            yield _row(dict(zip(header, cells, strict=True)), line=line, source=source)
    except csv.Error as error:
        raise _line_error(source, line=reader.line_num, got=str(error)) from error


def _jsonl_rows(file: TextIO, source: str) -> Iterator[_Row]:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            cells = json.loads(text)
        # A very deep nesting exhausts the parser's stack.
        except (ValueError, RecursionError) as error:
            raise _line_error(source, line=line, got=f"no JSON ({error})") from error
        if not isinstance(cells, dict):
            raise _line_error(source, line=line, expected="an object", got=type(cells).__name__)
        yield _row(cells, line=line, source=source)


def _row(cells: dict[str, object], *, line: int, source: str) -> _Row:
    path, label, split = (cells.get(column) for column in COLUMNS)
    if isinstance(label, int) and not isinstance(label, bool):
        label = str(label)
    # JSON can spell half a surrogate pair, which is no text and no path.
    if any(isinstance(cell, str) and not _is_text(cell) for cell in (path, label)):
        raise _line_error(source, line=line, expected="text", got=f"{path!r}, {label!r}")
    if not isinstance(path, str) or not path:
        raise _line_error(source, line=line, expected="a path", got=repr(path))
    if not isinstance(label, str) or not label.strip():
        raise _line_error(source, line=line, expected="a label", got=repr(label))
    # As for class folders: one class in every Unicode form.
    label = unicodedata.normalize("NFC", label.strip())
    if split is None or split == "":
        return _Row(line, path, label, None)
    if not isinstance(split, str) or split.strip().casefold() not in SPLIT_NAMES:
        raise _line_error(
            source, line=line, expected=f"a split ({', '.join(SPLIT_NAMES)})", got=repr(split)
        )
    return _Row(line, path, label, SPLIT_NAMES[split.strip().casefold()])


def _is_text(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= character <= "\udfff" for character in cell)


def _line_error(source: str, *, line: int, got: str, expected: str | None = None) -> SourceError:
    return SourceError(
        f"Line {line} of {source} is unusable",
        expected=expected,
        got=got,
        remedy="Correct the line or take it out.",
    )
