"""How well a linear probe on a starting model's frozen features does on a target."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from research import RESULTS
from research.transfer.features import Features
from research.transfer.targets import Budget, Draw, Target
from research.transfer_table import append_rows
from task2vec.probe.head import fit_head

Answers = NDArray[np.float64]

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

TABLE = RESULTS / "transfer_outcomes.csv"


@dataclass(frozen=True)
class Cell:
    """Accuracies, as fractions, of one model on one target, means over the draws of a budget.

    ``first`` and ``second`` are of either half of the draws on either half of the test images, so
    that nothing random but the images of the model's own training is common to them. ``error`` is
    the standard error of the mean gain over the default, over the objects that test and over the
    draws.
    """

    model: str
    target: str
    budget: Budget
    accuracy: float
    first: float
    second: float
    error: float


def draw_answers(
    features: Features, target: Target, budget: Budget, *, most: int | None = None
) -> Answers:
    """Return (draws, N): 1 where an image is answered right, 0 where wrong, nan if not tested.

    The draws are all of the budget, or the first ``most``.
    """
    draws = islice(target.draws(budget), most)
    return np.array([_answers(features, target, draw) for draw in draws])


def cell(model: str, target: Target, budget: Budget, *, found: Answers, default: Answers) -> Cell:
    """Sum up `draw_answers` of a model beside those of the default."""
    return Cell(
        model,
        target.name,
        budget,
        accuracy=_mean_accuracy(found),
        first=_mean_accuracy(found[::2, target.half == 0]),
        second=_mean_accuracy(found[1::2, target.half == 1]),
        error=_error(found - default, target),
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
    """Append cells of one kind."""
    rows = [[f"{v:.4f}" if isinstance(v, float) else v for v in astuple(cell)] for cell in cells]
    append_rows(table, rows, columns=[f.name for f in fields(cells[0])])


def _answers(features: Features, target: Target, draw: Draw) -> Answers:
    head = fit_head(features[draw.train], target.labels[draw.train], classes=target.classes)
    logits = features[draw.test] @ head.weight.T + head.bias
    right = np.full(len(target.labels), np.nan)
    right[draw.test] = logits.argmax(axis=1) == target.labels[draw.test]
    return right


def _mean_accuracy(answers: Answers) -> float:
    """Return the mean over the draws of their accuracies; a draw may have tested none of these."""
    tested = np.isfinite(answers).any(axis=1)
    return float(np.nanmean(answers[tested], axis=1).mean())


def _error(gains: Answers, target: Target) -> float:
    """Return the standard error of the mean of gains (draws, N), each -1, 0, 1 or nan.

    Images of one object are no independent ones: the variance over the images is that between
    objects. Draws train on other images each: their variance is added, though a part of it is that
    of the images that they test.
    """
    draws = np.nanmean(gains, axis=1)
    tested = np.isfinite(gains)
    objects = target.objects.max() + 1
    count = np.bincount(target.objects, tested.sum(axis=0), objects)
    total = np.bincount(target.objects, np.nansum(gains, axis=0), objects)
    residual = total - count * total.sum() / count.sum()
    images = np.square(residual).sum() / count.sum() ** 2
    return float(np.sqrt(images + draws.var(ddof=1) / len(draws)))
