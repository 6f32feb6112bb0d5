"""The committed tables as a world of gains, with those of two halves that share no noise."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from research import RESULTS
from research.transfer.asked import ASKED
from research.transfer.distances import PAIRS, TASKS
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.distance.asymmetric import ALPHA
from task2vec.recommendation.evidence.world import NO_SOURCE, Matrix, World

#: Nats in the heads, and of the tasks from nothing: see `research.transfer.information`.
NATS = RESULTS / "transfer_information.csv"


@dataclass(frozen=True, eq=False)
class Transfer:
    """A world of one budget; ``halves`` (2, M, T) are the gains of either half."""

    world: World
    families: tuple[str, ...]
    halves: Matrix


def read_transfer(budget: Budget, *, distance: str = "symmetric", draw: int = 0) -> Transfer:
    """Read the tables; ``distance`` names the column of the pairs that is taken as symmetric.

    What the target asks is known from the few images of a ``draw``, or from all.
    """
    with TASKS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    tasks = tuple(row["task"] for row in rows)
    number = {task: i for i, task in enumerate(tasks)}
    complexity = np.array([float(row["complexity"]) for row in rows])
    pairs = _pairs(PAIRS, distance, number)
    few = f"_few{draw}" if budget is Budget.FEW else ""
    cells = {(c.model, c.target): c for c in read_cells() if c.budget is budget}
    models = tuple(dict.fromkeys(model for model, _ in cells))
    plain = {task: cells[DEFAULT, task] for task in tasks}

    def table(value: str) -> Matrix:
        found = np.full((len(models), len(tasks)), np.nan)
        for (model, task), cell in cells.items():
            place = models.index(model), number[task]
            found[place] = getattr(cell, value) - getattr(plain[task], value)
        return found

    variances = np.full((len(models), len(tasks)), np.nan)
    for (model, task), cell in cells.items():
        variances[models.index(model), number[task]] = cell.error**2
    world = World(
        tasks=tasks,
        models=models,
        default=models.index(DEFAULT),
        sources=np.array([number.get(model, NO_SOURCE) for model in models]),
        symmetric=pairs,
        asymmetric=pairs - ALPHA * complexity[:, None],
        gains=table("accuracy"),
        variances=variances,
        base=np.array([plain[task].accuracy for task in tasks]),
        overlap=_pairs(ASKED, f"overlap{few}", number),
        agreement=_pairs(ASKED, f"agreement{few}", number),
    )
    return Transfer(
        world,
        tuple(row["family"] for row in rows),
        np.stack([table("first"), table("second")]),
    )


def read_information(tasks: Sequence[str]) -> tuple[Matrix, Matrix | None]:
    """Return (T, T) nats from the row's task to the column's, and (T,) from nothing if known."""
    number = {task: i for i, task in enumerate(tasks)}
    between = _pairs(PAIRS, "information", number)
    if not NATS.exists():
        return between, None
    with NATS.open(newline="") as file:
        nats = {row["task"]: row["from_nothing"] for row in csv.DictReader(file)}
    if not all(nats.get(task) for task in tasks):
        return between, None
    return between, np.array([float(nats[task]) for task in tasks])


def _pairs(table: Path, column: str, number: Mapping[str, int]) -> Matrix:
    """Return (T, T) values of a table, 0 where it has no row, by the tasks' numbers."""
    found = np.zeros((len(number), len(number)))
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            found[number[row["source"]], number[row["target"]]] = float(row[column])
    return found
