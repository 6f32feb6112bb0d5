"""Outcomes in a CSV file."""

import csv
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from task2vec.data.paths import reason
from task2vec.data.wording import shown
from task2vec.errors import InputError
from task2vec.messages.outcomes import A_NAME, IMAGES, SEED, NewOutcome
from task2vec.types.names import LONGEST_NAME, LONGEST_PROTOCOL

_COLUMNS = ("model", "task", "accuracy")
_OPTIONAL = ("protocol", "images", "seed")
_NUMBERS: dict[str, type[int] | type[float]] = {"accuracy": float, "images": int, "seed": int}
_EXPECTED = {
    "model": A_NAME,
    "task": A_NAME,
    "accuracy": "a fraction from 0 to 1, such as 0.92",
    "protocol": f"at most {LONGEST_PROTOCOL} characters",
    "images": IMAGES,
    "seed": SEED,
}
_COMMAS = "Save it with commas between the columns, and a point in decimals."


def read_outcomes(path: Path) -> list[tuple[int, NewOutcome]]:
    """Return the outcomes of a CSV file with the numbers of their lines.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault, or where there is no line below the header.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = tuple(reader.fieldnames or ())
            unknown = [name for name in header if name not in (*_COLUMNS, *_OPTIONAL)]
            twice = len(set(header)) < len(header)
            if unknown or twice or not set(_COLUMNS) <= set(header):
                raise InputError(
                    f"{path} does not hold outcomes",
                    expected="a header with model,task,accuracy and perhaps protocol,images,seed",
                    got=shown(",".join(header)) or "an empty file",
                    remedy=_COMMAS if header and any(mark in header[0] for mark in ";\t") else "",
                )
            outcomes = [(reader.line_num, _measured(row, path, reader.line_num)) for row in reader]
    except OSError as error:
        raise InputError(f"{path} cannot be read", got=reason(error)) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read", expected="a CSV file in UTF-8", got=str(error)
        ) from error
    if not outcomes:
        raise InputError(
            f"{path} does not hold outcomes",
            expected="a line for each of them below the header",
            got="the header alone",
        )
    return outcomes


def _measured(row: dict[str, str | None], path: Path, line: int) -> NewOutcome:
    if None in row:
        raise InputError(
            f"Line {line} of {path} has more cells than the header has columns",
            remedy="Put a name that holds a comma in double quotes; decimals have a point.",
        )
    cells = {name: (cell or "").strip() for name, cell in row.items()}
    stated = {name: _value(name, cell) for name, cell in cells.items() if cell or name in _COLUMNS}
    try:
        return NewOutcome.model_validate(stated)
    except ValidationError as error:
        column = str(error.errors()[0]["loc"][0])
        cell = cells[column]
        got = f"'{shown(cell[: LONGEST_NAME + 1])}'" if cell else "an empty cell"
        raise InputError(
            f"Line {line} of {path}, column {column}, is unusable",
            expected=_EXPECTED[column],
            got=f"{len(cell):,}" if column == "protocol" else got,
        ) from None


def _value(column: str, cell: str) -> str | float:
    """Return the number of a cell; of a column of texts, or where it has none, the cell."""
    kind = _NUMBERS.get(column)
    with suppress(ValueError):
        # Python alone reads 1_0 as 10.
        if kind is not None and "_" not in cell:
            return kind(cell)
    return cell
