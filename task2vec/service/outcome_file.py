"""Outcomes as a person states them, alone or in a CSV file."""

import csv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from task2vec.errors import InputError, SettingError

DEFAULT_PROTOCOL = "fine-tuning"
_COLUMNS = ("model", "task", "accuracy")
_OPTIONAL = ("protocol", "images", "seed")


@dataclass(frozen=True)
class Measured:
    """An outcome as a person states it: model and task by name, ``accuracy`` in [0, 1].

    ``images`` is the number of test images. Raises `SettingError` out of range.
    """

    model: str
    task: str
    accuracy: float
    protocol: str = DEFAULT_PROTOCOL
    images: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        # Written so that nan fails too.
        if not 0 <= self.accuracy <= 1:
            raise SettingError(
                "An accuracy is a fraction", expected="a number in [0, 1]", got=f"{self.accuracy}"
            )
        if self.images is not None and self.images < 1:
            raise SettingError(
                "An accuracy is measured on images", expected="at least 1", got=f"{self.images}"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def read_outcomes(path: Path) -> list[tuple[int, Measured]]:
    """Return the outcomes of a CSV file with the numbers of their lines.

    Its header names ``model,task,accuracy`` and may add ``protocol,images,seed``. Raises
    `InputError` naming the line of the first fault.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = tuple(reader.fieldnames or ())
            unknown = [name for name in header if name not in (*_COLUMNS, *_OPTIONAL)]
            if unknown or not set(_COLUMNS) <= set(header):
                raise InputError(
                    f"{path} does not hold outcomes",
                    expected="a header with model,task,accuracy and perhaps protocol,images,seed",
                    got=",".join(header) or "an empty file",
                )
            return [(reader.line_num, _measured(row, path, reader.line_num)) for row in reader]
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise InputError(f"{path} cannot be read", got=told) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path} cannot be read", expected="a CSV file in UTF-8", got=str(error)
        ) from error


def _measured(row: dict[str, str | None], path: Path, line: int) -> Measured:
    if None in row:
        raise InputError(
            f"Line {line} of {path} has more cells than the header has columns",
            remedy="Put a name that holds a comma in double quotes.",
        )
    try:
        return Measured(
            model=(row["model"] or "").strip(),
            task=(row["task"] or "").strip(),
            accuracy=float(row["accuracy"] or ""),
            protocol=(row.get("protocol") or DEFAULT_PROTOCOL).strip(),
            images=int(images) if (images := row.get("images")) else None,
            seed=int(seed) if (seed := row.get("seed")) else None,
        )
    except ValueError as error:
        raise InputError(
            f"Line {line} of {path} is no outcome",
            expected="accuracy as a number, images and seed as whole numbers",
            got=str(error),
        ) from error
    except SettingError as error:
        raise InputError(f"Line {line} of {path}: {error}") from error
