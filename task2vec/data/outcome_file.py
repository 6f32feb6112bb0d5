"""Outcomes in a CSV file."""

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from task2vec.data.wording import shown
from task2vec.errors import InputError
from task2vec.messages.outcomes import (
    A_NAME,
    DEFAULT_PROTOCOL,
    IMAGES,
    SEED,
    NewOutcome,
    new_outcome,
)
from task2vec.types.names import LONGEST_NAME, LONGEST_PROTOCOL, is_name
from task2vec.types.numbers import MOST_WHOLE

_COLUMNS = ("model", "task", "accuracy")
_OPTIONAL = ("protocol", "images", "seed")
_ACCURACY = "a fraction from 0 to 1, such as 0.92"
_COMMAS = "Save it with commas between the columns, and a point in decimals."

Number = TypeVar("Number", int, float)


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
            found = [(reader.line_num, _measured(row, path, reader.line_num)) for row in reader]
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise InputError(f"{path} cannot be read", got=told) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read", expected="a CSV file in UTF-8", got=str(error)
        ) from error
    if not found:
        raise InputError(
            f"{path} does not hold outcomes",
            expected="a line for each of them below the header",
            got="the header alone",
        )
    return found


def _measured(row: dict[str, str | None], path: Path, line: int) -> NewOutcome:
    if None in row:
        raise InputError(
            f"Line {line} of {path} has more cells than the header has columns",
            remedy="Put a name that holds a comma in double quotes; decimals have a point.",
        )
    cells = _Cells({name: (cell or "").strip() for name, cell in row.items()}, path, line)
    return new_outcome(
        cells.name("model"),
        cells.name("task"),
        cells.number("accuracy", float, expected=_ACCURACY, least=0, most=1),
        protocol=cells.text("protocol", most=LONGEST_PROTOCOL) or DEFAULT_PROTOCOL,
        images=cells.whole("images", expected=IMAGES, least=1),
        seed=cells.whole("seed", expected=SEED, least=0),
    )


@dataclass(frozen=True)
class _Cells:
    """The cells of a line by their column, and what is said of one that is unusable."""

    row: dict[str, str]
    path: Path
    line: int

    def name(self, column: str) -> str:
        """Return a name; raises `InputError` for what can be none."""
        cell = self.row[column]
        if not is_name(cell):
            got = f"'{shown(cell[: LONGEST_NAME + 1])}'" if cell else "an empty cell"
            raise self._unusable(column, expected=A_NAME, got=got)
        return cell

    def text(self, column: str, *, most: int) -> str:
        """Return a text of ``most`` characters at most, empty where there is none."""
        cell = self.row.get(column, "")
        if len(cell) > most:
            raise self._unusable(
                column, expected=f"at most {most} characters", got=f"{len(cell):,}"
            )
        return cell

    def whole(self, column: str, *, expected: str, least: int) -> int | None:
        """Return a whole number, None where the cell is empty or there is no such column."""
        if not self.row.get(column):
            return None
        return self.number(column, int, expected=expected, least=least, most=MOST_WHOLE)

    def number(
        self, column: str, kind: type[Number], *, expected: str, least: float, most: float
    ) -> Number:
        """Return a number of the column; raises `InputError` for anything else, or out of range."""
        cell = self.row[column]
        with suppress(ValueError):
            # Written so that nan fails too. Python alone reads 1_0 as 10.
            if "_" not in cell and least <= (found := kind(cell)) <= most:
                return found
        got = f"'{shown(cell)}'" if cell else "an empty cell"
        raise self._unusable(column, expected=expected, got=got)

    def _unusable(self, column: str, *, expected: str, got: str) -> InputError:
        return InputError(
            f"Line {self.line} of {self.path}, column {column}, is unusable",
            expected=expected,
            got=got,
        )
