"""How well a linear probe on a starting model's frozen features does on a target."""

import csv
import os
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmarks.examples import RESULTS
from benchmarks.transfer.features import Features
from benchmarks.transfer.targets import Budget, Draw, Target
from task2vec.probe.head import fit_head

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TABLE = RESULTS / "transfer_outcomes.csv"


@dataclass(frozen=True)
class Cell:
    """Accuracies, as fractions, of one model on one target, means over the draws of a budget.

    ``first`` and ``second`` are of either half of the draws on either half of the test images, so
    that nothing random but the images of the model's own training is common to them. ``spread`` is
    the standard deviation over the draws, of the gain over the default.
    """

    model: str
    target: str
    budget: Budget
    accuracy: float
    first: float
    second: float
    spread: float


def draw_accuracies(features: Features, target: Target, budget: Budget) -> NDArray[np.float64]:
    """Return (draws, 3): accuracy on all test images, on those of the first half, of the second."""
    return np.array([_accuracies(features, target, draw) for draw in target.draws(budget)])


def cell(
    model: str,
    target: Target,
    budget: Budget,
    *,
    found: NDArray[np.float64],
    default: NDArray[np.float64],
) -> Cell:
    """Sum up `draw_accuracies` of a model beside those of the default."""
    return Cell(
        model,
        target.name,
        budget,
        accuracy=float(found[:, 0].mean()),
        first=float(np.nanmean(found[::2, 1])),
        second=float(np.nanmean(found[1::2, 2])),
        spread=float((found[:, 0] - default[:, 0]).std(ddof=1)),
    )


def read_cells(table: Path = TABLE) -> list[Cell]:
    """Return the cells of a table; none where there is no table."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return [
            Cell(
                row["model"],
                row["target"],
                Budget(row["budget"]),
                *(float(row[f.name]) for f in fields(Cell)[3:]),
            )
            for row in csv.DictReader(file)
        ]


def append_cells(cells: "Sequence[DataclassInstance]", table: Path = TABLE) -> None:
    """Append cells of one kind in one write, so that a broken run leaves no half of them."""
    rows = [
        ",".join(f"{v:.4f}" if isinstance(v, float) else str(v) for v in astuple(cell))
        for cell in cells
    ]
    if not table.exists():
        rows.insert(0, ",".join(f.name for f in fields(cells[0])))
    with table.open("a", newline="") as file:
        file.write("\n".join(rows) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _accuracies(features: Features, target: Target, draw: Draw) -> tuple[float, float, float]:
    head = fit_head(features[draw.train], target.labels[draw.train], classes=target.classes)
    logits = features[draw.test] @ head.weight.T + head.bias
    right = logits.argmax(axis=1) == target.labels[draw.test]
    half = target.half[draw.test]
    first, second = (_mean(right[half == side]) for side in (0, 1))
    return float(right.mean()), first, second


def _mean(right: NDArray[np.bool_]) -> float:
    return float(right.mean()) if len(right) else np.nan
