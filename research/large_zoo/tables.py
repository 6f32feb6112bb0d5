"""The committed tables: wide ones, a column for each target, and lists.

``large_zoo.csv`` has some rows for each model, one of each quantity: see `Quantity`. The others
have a row for each source, each target, and each fine-tuned cell.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from research import RESULTS
from research.transfer_table import append_rows
from task2vec.recommendation.evidence.world import Matrix

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MODELS = RESULTS / "large_zoo.csv"
SOURCES = RESULTS / "large_zoo_sources.csv"
TARGETS = RESULTS / "large_zoo_targets.csv"
TUNED = RESULTS / "large_zoo_tuned.csv"

Row = TypeVar("Row", bound="DataclassInstance")


class Quantity(StrEnum):
    """What a row of ``large_zoo.csv`` holds of a model (or its source) and each target.

    ``gain SHOTS DRAW`` is "won:lost" of a linear probe: how many test images of the draw are right
    where the default is wrong, and the other way round. ``held out SHOTS`` is the same of images of
    the first draw's training, each held out in turn, as somebody who asks can measure it;
    ``logme SHOTS`` and ``ridge SHOTS`` are scores of those images. ``far`` is the symmetric
    distance of the source to all images of the target, as it is, ``far SHOTS`` that to the first
    draw's training images, corrected for noise; ``nats`` is the information distance to the target.
    """

    GAIN_5_0 = "gain 5 0"
    GAIN_5_1 = "gain 5 1"
    GAIN_10_0 = "gain 10 0"
    GAIN_10_1 = "gain 10 1"
    HELD_OUT_5 = "held out 5"
    HELD_OUT_10 = "held out 10"
    LOGME_5 = "logme 5"
    LOGME_10 = "logme 10"
    RIDGE_5 = "ridge 5"
    RIDGE_10 = "ridge 10"
    FAR = "far"
    FAR_5 = "far 5"
    FAR_10 = "far 10"
    NATS = "nats"


#: By model and quantity, the text of each target's cell.
Cells = Mapping[Quantity, Mapping[str, str]]


@dataclass(frozen=True)
class SourceRow:
    """A source and its expert; seconds are the processor's.

    ``tasks`` are names with "+" between them.
    ``accuracy`` is the expert's on images that it was not trained on, nan where there are few.
    ``complexity``, ``nats`` of the head, ``head_accuracy`` and ``head_loss`` are of the embedding,
    by at most 300 images. ``early`` tells whether the early checkpoint was tried, too.
    """

    source: int
    tasks: str
    classes: int
    images: int
    rate: float
    epochs: int
    early: bool
    accuracy: float
    complexity: float
    nats: float
    head_accuracy: float
    head_loss: float
    training_seconds: float
    outcome_seconds: float
    embedding_seconds: float


@dataclass(frozen=True)
class TargetRow:
    """A target: images that test by draw, that train by shots, and the default's right answers.

    ``complexity`` and ``nats`` of the head are those of all its images (300 at most).
    """

    task: str
    family: str
    classes: int
    images: int
    test_0: int
    test_1: int
    train_5: int
    train_10: int
    right_5_0: int
    right_5_1: int
    right_10_0: int
    right_10_1: int
    held_out_5: int
    held_out_10: int
    complexity: float
    nats: float


@dataclass(frozen=True)
class TunedRow:
    """A model and the default, their last stages fine-tuned on the first draw of a target.

    ``probed`` and ``tuned`` count test images that are right by the linear probe and in the end,
    ``won`` and ``lost`` those where model and default differ in the end; ``tested`` there are.
    """

    model: str
    target: str
    shots: int
    tested: int
    probed: int
    tuned: int
    default_tuned: int
    won: int
    lost: int
    seconds: float


def append_cells(model: str, cells: Cells, *, targets: Sequence[str], table: Path = MODELS) -> None:
    """Append the rows of a model, all at once."""
    rows = [
        [model, quantity.value, *(by_target.get(target, "") for target in targets)]
        for quantity, by_target in cells.items()
    ]
    append_rows(table, rows, columns=["model", "quantity", *targets])


def read_cells(table: Path = MODELS) -> dict[str, dict[Quantity, dict[str, str]]]:
    """Return the cells by model and quantity; what is empty is left out."""
    found: dict[str, dict[Quantity, dict[str, str]]] = {}
    if not table.exists():
        return found
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            cells = {name: text for name, text in row.items() if text}
            model, quantity = cells.pop("model"), Quantity(cells.pop("quantity"))
            found.setdefault(model, {})[quantity] = cells
    return found


def append_list(rows: Sequence["DataclassInstance"], table: Path) -> None:
    """Append rows of one kind; numbers to five digits."""
    if rows:
        columns = [field.name for field in fields(rows[0])]
        texts = [[_text(getattr(row, name)) for name in columns] for row in rows]
        append_rows(table, texts, columns=columns)


def read_list(kind: type[Row], table: Path) -> list[Row]:
    """Return the rows of a list; none where there is no table."""
    if not table.exists():
        return []
    parse: dict[str, Callable[[str], Any]] = {
        "bool": lambda text: text == "1",
        "int": int,
        "float": float,
        "str": str,
    }
    with table.open(newline="") as file:
        return [
            kind(**{f.name: parse[_name(f.type)](row[f.name]) for f in fields(kind)})
            for row in csv.DictReader(file)
        ]


def won_lost(text: str) -> tuple[int, int]:
    """Return the two counts of a cell "won:lost"."""
    won, lost = text.split(":")
    return int(won), int(lost)


def matrix(
    cells: Mapping[str, Mapping[Quantity, Mapping[str, str]]],
    quantity: Quantity,
    *,
    models: Sequence[str],
    targets: Sequence[str],
) -> Matrix:
    """Return (M, T) numbers, or (M, T, 2) counts, nan where there are none."""
    counts = quantity.startswith(("gain", "held"))
    found = np.full((len(models), len(targets), *([2] if counts else [])), np.nan)
    for row, model in enumerate(models):
        by_target = cells.get(model, {}).get(quantity, {})
        for column, target in enumerate(targets):
            if (text := by_target.get(target)) is not None:
                found[row, column] = won_lost(text) if counts else float(text)
    return found


def _name(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)
