"""The lines of a file that lists images with their labels: CSV, JSON Lines or plain text."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from task2vec.data.formats.columns import (
    EXPECTED,
    IMAGE_COLUMNS,
    LABEL_COLUMNS,
    SPLIT_COLUMNS,
    ClassColumns,
    Columns,
    find_columns,
    labels_in_cell,
    labels_in_json,
    plain_name,
    separator_of,
)
from task2vec.data.multilabel import NamedLabels
from task2vec.data.pixels.limits import MAX_LINE, MAX_LINES
from task2vec.data.task import SPLIT_NAMES
from task2vec.data.wording import plural
from task2vec.errors import SourceError

if TYPE_CHECKING:
    from _csv import Reader


class TooManyLinesError(SourceError):
    """A list of more lines than any data set has images."""


@dataclass(frozen=True, slots=True)
class Row:
    """One listed image: ``line`` counts from 1, labels are in Unicode form NFC."""

    line: int
    path: str
    label: str | NamedLabels
    split: str | None


Rows = Callable[[TextIO, str], Iterator[Row]]
"""Reads an open file; the text is what the file is called in errors."""


def csv_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a CSV file whose first line names the columns; raises `SourceError`.

    `task2vec.data.formats.columns` describes how several labels per image are written.
    """
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        plain = [cell.strip().casefold() for cell in header]
        columns = find_columns(plain)
        if columns is not None:
            cells = _cells(reader, len(header), source)
            yield from _labelled_rows(cells, columns, source)
            return
        by_class = ClassColumns.of(header)
        if by_class is None:
            raise _header_error(source, plain)
        yield from _rows_by_class(_cells(reader, len(header), source), header, by_class, source)
    except csv.Error as error:
        raise line_error(source, line=reader.line_num, got=str(error)) from error


_Line = tuple[int, list[str]]


def _cells(reader: "Reader", width: int, source: str) -> Iterator[_Line]:
    """Yield the lines that are not empty; raises `SourceError` for one of another width."""
    for cells in reader:
        check_lines(reader.line_num, source)
        if not cells:
            continue
        if len(cells) != width:
            raise line_error(
                source,
                line=reader.line_num,
                expected=plural(width, "column"),
                got=plural(len(cells), "column"),
            )
        yield reader.line_num, cells


def _labelled_rows(lines: Iterator[_Line], columns: Columns, source: str) -> Iterator[Row]:
    separator = None
    if columns.listing:
        # Whether names are separated is known only when all cells have been seen.
        lines = iter(listed := list(lines))
        try:
            separator = separator_of([cells[columns.label] for _, cells in listed])
        except ValueError as error:
            raise SourceError(
                f"The labels of {source} are separated in two ways",
                expected="one of ; and | in all lines",
                got=str(error),
            ) from error
    for line, cells in lines:
        cell = cells[columns.label]
        labels = labels_in_cell(cell, separator) if separator else cell
        split = None if columns.split is None else cells[columns.split]
        yield _row(cells[columns.image], labels, split, line, source)


def _rows_by_class(
    lines: Iterator[_Line], header: Sequence[str], columns: ClassColumns, source: str
) -> Iterator[Row]:
    absent = minus = False
    for number, (line, cells) in enumerate(lines):
        try:
            labels = columns.labels(cells)
        except ValueError as error:
            # Columns of something else make it another kind of file.
            if number == 0:
                raise _header_error(source, header) from error
            raise line_error(source, line=line, expected=EXPECTED, got=str(error)) from error
        absent |= len(labels.present) < len(labels.stated or ())
        minus |= any(cells[i].strip() in ("-1", "-1.0") for i in columns.positions)
        split = None if columns.split is None else cells[columns.split]
        yield _row(cells[columns.image], labels, split, line, source)
    if minus and not absent:
        raise SourceError(
            f"{source} has -1 but no 0",
            expected="0 for a class that an image lacks; -1 says that nobody knows",
            got="-1 alone",
            remedy="Write 0 in place of -1 if it means that the image lacks the class.",
        )


def _header_error(source: str, header: Sequence[str]) -> SourceError:
    return SourceError(
        f"The first line of {source} does not name the columns",
        expected="path,label or path,label,split; or path and the classes, with 1 or 0 below each",
        got=",".join(header) or "an empty line",
        remedy="Separate columns by commas and name them in the first line.",
    )


def jsonl_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a file with one JSON object a line; raises `SourceError`."""
    for line, text in enumerate(file, start=1):
        check_lines(line, source)
        if not text.strip():
            continue
        if len(text) > MAX_LINE:
            raise line_error(
                source, line=line, expected=f"at most {MAX_LINE:,} characters", got=f"{len(text):,}"
            )
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
        if isinstance(label, list | dict):
            try:
                label = labels_in_json(label)
            except ValueError as error:
                raise line_error(
                    source,
                    line=line,
                    expected=f"a list of names, or an object of names and {EXPECTED}",
                    got=str(error),
                ) from error
        yield _row(image, label, split, line, source)


def text_rows(file: TextIO, source: str) -> Iterator[Row]:
    """Yield the rows of a text file of paths and labels, without a first line of names.

    They are separated by a tab or a comma where there is one, else by the last space. Raises
    `SourceError`.
    """
    for line, text in enumerate(file, start=1):
        check_lines(line, source)
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
    names = label.names if isinstance(label, NamedLabels) else (label,)
    if any(isinstance(cell, str) and not _is_text(cell) for cell in (path, *names)):
        raise line_error(source, line=line, expected="text", got=f"{path!r}, {label!r:.80}")
    if not isinstance(path, str) or not path:
        raise line_error(source, line=line, expected="a path", got=repr(path)[:80])
    if isinstance(label, str) and label.strip():
        # As for class folders: one class in every Unicode form.
        label = plain_name(label)
    elif not isinstance(label, NamedLabels):
        raise line_error(source, line=line, expected="a label", got=repr(label)[:80])
    if split is None or split == "":
        return Row(line, path, label, None)
    if not isinstance(split, str) or split.strip().casefold() not in SPLIT_NAMES:
        raise line_error(
            source, line=line, expected=f"a split ({', '.join(SPLIT_NAMES)})", got=repr(split)[:80]
        )
    return Row(line, path, label, SPLIT_NAMES[split.strip().casefold()])


def _is_text(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= character <= "\udfff" for character in cell)


def check_lines(lines: int, source: str) -> None:
    """Raise `TooManyLinesError` where a list has more lines than any data set has images."""
    if lines > MAX_LINES:
        raise TooManyLinesError(
            f"{source} has too many lines",
            expected=f"at most {MAX_LINES:,}",
            remedy="List the images that are used, or split the data set.",
        )


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
