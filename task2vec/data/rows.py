"""The lines of a file that lists images with their labels: CSV, JSON Lines or plain text."""

import csv
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TextIO

from task2vec.data.columns import IMAGE_COLUMNS, LABEL_COLUMNS, SPLIT_COLUMNS, find_columns
from task2vec.data.layout import SPLIT_NAMES
from task2vec.data.wording import plural
from task2vec.errors import SourceError


@dataclass(frozen=True)
class Row:
    """One listed image: ``line`` counts from 1, ``label`` is in Unicode form NFC."""

    line: int
    path: str
    label: str
    split: str | None


Rows = Callable[[TextIO, str], Iterator[Row]]
"""Reads an open file; the text is what the file is called in errors."""


def csv_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a CSV file whose first line names the columns; raises `SourceError`."""
    reader = csv.reader(file, strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        columns = find_columns(header)
        if columns is None:
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
                raise line_error(
                    source,
                    line=line,
                    expected=plural(len(header), "column"),
                    got=plural(len(cells), "column"),
                )
            found = dict(zip(header, cells, strict=True))
            split = found[columns.split] if columns.split else None
            yield _row(found[columns.image], found[columns.label], split, line, source)
    except csv.Error as error:
        raise line_error(source, line=reader.line_num, got=str(error)) from error


def jsonl_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a file with one JSON object a line; raises `SourceError`."""
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            cells = json.loads(text)
        # A very deep nesting exhausts the parser's stack.
        except (ValueError, RecursionError) as error:
            raise line_error(source, line=line, got=f"no JSON ({error})") from error
        if not isinstance(cells, dict):
            raise line_error(source, line=line, expected="an object", got=type(cells).__name__)
        image, label, split = (
            next((cells[name] for name in names if name in cells), None)
            for names in (IMAGE_COLUMNS, LABEL_COLUMNS, SPLIT_COLUMNS)
        )
        yield _row(image, label, split, line, source)


def text_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a text file of paths and labels, without a first line of names.

    They are separated by a tab or a comma where there is one, else by the last space. Raises
    `SourceError`.
    """
    for line, text in enumerate(file, start=1):
        text = text.strip()
        if not text or text.startswith("#"):
            continue
        parts = re.split(r"\t|,", text) if re.search(r"\t|,", text) else text.rsplit(maxsplit=1)
        if len(parts) != 2:
            raise line_error(source, line=line, expected="a path and a label", got=text[:80])
        yield _row(parts[0].strip(), parts[1], None, line, source)


def _row(path: object, label: object, split: object, line: int, source: str) -> Row:
    if isinstance(label, int) and not isinstance(label, bool):
        label = str(label)
    # JSON can spell half a surrogate pair, which is no text and no path.
    if any(isinstance(cell, str) and not _is_text(cell) for cell in (path, label)):
        raise line_error(source, line=line, expected="text", got=f"{path!r}, {label!r}")
    if not isinstance(path, str) or not path:
        raise line_error(source, line=line, expected="a path", got=repr(path)[:80])
    if not isinstance(label, str) or not label.strip():
        raise line_error(source, line=line, expected="a label", got=repr(label)[:80])
    # As for class folders: one class in every Unicode form.
    label = unicodedata.normalize("NFC", label.strip())
    if split is None or split == "":
        return Row(line, path, label, None)
    if not isinstance(split, str) or split.strip().casefold() not in SPLIT_NAMES:
        raise line_error(
            source, line=line, expected=f"a split ({', '.join(SPLIT_NAMES)})", got=repr(split)[:80]
        )
    return Row(line, path, label, SPLIT_NAMES[split.strip().casefold()])


def _is_text(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= character <= "\udfff" for character in cell)


def line_error(source: str, *, line: int, got: str, expected: str | None = None) -> SourceError:
    """Return the error for a line that cannot be used."""
    return SourceError(
        f"Line {line} of {source} is unusable",
        expected=expected,
        got=got,
        remedy="Correct the line or take it out.",
    )


def encoding_error(source: str, *, error: UnicodeDecodeError) -> SourceError:
    """Return the error for text in another encoding."""
    return SourceError(f"{source} is no text in UTF-8", got=str(error), remedy="Save it as UTF-8.")
