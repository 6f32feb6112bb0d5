"""The committed table: a line for each cell, kept when the run that made it is stopped."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from research import RESULTS
from research.recipes.plan import Block, Recipe
from research.transfer_table import append_rows

TABLE = RESULTS / "recipes.csv"


Key = tuple[str, int | None, int, int, str, Recipe]


@dataclass(frozen=True, eq=False)
class RecipeCell:
    """What a recipe made of a starting model on one draw of a target's images.

    ``shots`` are images of a class, None for two thirds of all; ``correct`` (T,) is which test
    images were right in the end, in the same order for all cells of the draw. ``curve`` are pairs
    (steps, test accuracy), with that of step 0 left out. ``seconds`` are the processor's, of the
    training without the tests along the way; of a recipe on cached views they count the caching.
    """

    target: str
    shots: int | None
    draw: int
    run: int
    model: str
    recipe: Recipe
    training: int
    classes: int
    correct: NDArray[np.bool_]
    curve: tuple[tuple[int, float], ...]
    seconds: float

    @property
    def key(self) -> Key:
        """What tells it from all other cells: see `key_of`."""
        return self.target, self.shots, self.draw, self.run, self.model, self.recipe

    @property
    def accuracy(self) -> float:
        """The share of the test images that are right in the end."""
        return float(self.correct.mean())


def key_of(block: Block, model: str, recipe: Recipe) -> Key:
    """Return what tells a cell from all others; the linear probe is the same in every run."""
    run = 0 if recipe is Recipe.PROBE else block.run
    return block.target, block.shots, block.draw, run, model, recipe


def read(table: Path = TABLE) -> list[RecipeCell]:
    """Return the cells of a table; none where there is no table."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return [_cell(row) for row in csv.DictReader(file)]


def append(cells: Sequence[RecipeCell], table: Path = TABLE) -> None:
    """Append cells."""
    columns = [each.name for each in fields(RecipeCell)]
    append_rows(table, [_row(cell) for cell in cells], columns=columns)


def _row(cell: RecipeCell) -> list[str]:
    return [
        cell.target,
        "all" if cell.shots is None else str(cell.shots),
        str(cell.draw),
        str(cell.run),
        cell.model,
        cell.recipe.value,
        str(cell.training),
        str(cell.classes),
        "".join("01"[int(right)] for right in cell.correct),
        ";".join(f"{steps}:{accuracy:.4f}" for steps, accuracy in cell.curve),
        f"{cell.seconds:.2f}",
    ]


def _cell(row: dict[str, str]) -> RecipeCell:
    points = (each.split(":") for each in row["curve"].split(";") if each)
    return RecipeCell(
        target=row["target"],
        shots=None if row["shots"] == "all" else int(row["shots"]),
        draw=int(row["draw"]),
        run=int(row["run"]),
        model=row["model"],
        recipe=Recipe(row["recipe"]),
        training=int(row["training"]),
        classes=int(row["classes"]),
        correct=np.array([each == "1" for each in row["correct"]]),
        curve=tuple((int(steps), float(accuracy)) for steps, accuracy in points),
        seconds=float(row["seconds"]),
    )
