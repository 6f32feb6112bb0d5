"""The cells that constants of recipes are fitted to, and the linear probes of their models."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from research.recipes.plan import MANY
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import read
from research.transfer.distances import TASKS
from research.transfer.fine_tuned import FineTuned, read_fine_tuned
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.evidence.world import Indices, Mask, Matrix
from task2vec.types.tuning import Recipe

#: What is trained, in the order of all arrays of constants.
TRAINED = (Recipe.LAST_STAGE, Recipe.ALL_LAYERS)
#: Accuracies nearer to 0 or 1 than this count as at this distance.
_EDGE = 0.01


@dataclass(frozen=True, eq=False)
class Followed:
    """n cells of models but the default: gains over it, as fractions of accuracy.

    ``recipes`` (n,) are places in `TRAINED`. ``probed`` are means over all draws, ``tuned`` is of
    one training on ``images`` images, with the variance ``noise`` of its test. ``base`` is the
    default's accuracy by linear probes.
    """

    families: Sequence[str]
    targets: Sequence[str]
    models: Sequence[str]
    recipes: Indices
    probed: Matrix
    tuned: Matrix
    noise: Matrix
    images: Matrix
    base: Matrix

    def __len__(self) -> int:
        """Return n."""
        return len(self.tuned)

    def of(self, rows: Mask) -> "Followed":
        """Return some of the cells."""
        return Followed(
            *(np.array(each)[rows].tolist() for each in (self.families, self.targets, self.models)),
            *(each[rows] for each in (self.recipes, self.probed, self.tuned)),
            *(each[rows] for each in (self.noise, self.images, self.base)),
        )


@dataclass(frozen=True, eq=False)
class Lifted:
    """n cells of the default: log-odds by linear probes and after training, by recipe."""

    families: Sequence[str]
    recipes: Indices
    probed: Matrix
    tuned: Matrix
    noise: Matrix
    images: Matrix


def log_odds(accuracy: Matrix) -> Matrix:
    """Return the log-odds of accuracies, kept from the ends."""
    edged = np.clip(accuracy, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(edged / (1 - edged)))


def of_families(cells: Lifted, families: set[str]) -> Lifted:
    """Return the cells of some families."""
    rows = np.isin(cells.families, sorted(families))
    return Lifted(
        np.array(cells.families)[rows].tolist(),
        cells.recipes[rows],
        *(each[rows] for each in (cells.probed, cells.tuned, cells.noise, cells.images)),
    )


def read_followed() -> tuple[Followed, Lifted]:
    """Return the cells of both tables, and those of the default."""
    tasks = _tasks()
    probes = _Probes(tasks)
    rows: list[tuple[Any, ...]] = []
    plain: list[tuple[Any, ...]] = []

    def add(
        target: str, model: str, recipe: Recipe, *, images: float, tuned: float, noise: float
    ) -> None:
        family, place = tasks[target]["family"], TRAINED.index(recipe)
        base = probes.of(DEFAULT, target, images)
        if model != DEFAULT:
            probed = probes.of(model, target, images) - base
            rows.append((family, target, model, place, probed, tuned, noise, images, base))
            return
        edged = min(max(tuned, _EDGE), 1 - _EDGE)
        odds = noise / (edged * (1 - edged)) ** 2
        plain.append(
            (family, place, log_odds(np.array(base)), log_odds(np.array(tuned)), odds, images)
        )

    cells = {cell.key: cell for cell in read()}
    for cell in cells.values():
        recipe = as_trained(cell.recipe, cell.training)
        if recipe is None:
            continue
        base = cells[(*cell.key[:4], DEFAULT, cell.recipe)]
        count = len(cell.correct)
        if cell.model == DEFAULT:
            noise = _spread(cell.accuracy) / count
            tuned = cell.accuracy
        else:
            off = cell.correct.astype(float) - base.correct
            tuned = float(off.mean())
            noise = (float(np.square(off).sum()) + 2) / count**2 - tuned**2 / count
        add(
            cell.target,
            cell.model,
            recipe,
            images=float(cell.training),
            tuned=tuned,
            noise=noise,
        )
    older = {(c.target, c.budget, c.model): c for c in read_fine_tuned()}
    for each in older.values():
        default = older.get((each.target, each.budget, DEFAULT))
        if default is None:
            continue
        task = tasks[each.target]
        few = int(task["shots"]) * int(task["classes"])
        # Two thirds of the images train, one third tests.
        images = float(few if each.budget is Budget.FEW else 2 * each.tested)
        if each.model == DEFAULT:
            tuned, noise = each.tuned, _spread(each.tuned) / each.tested
        else:
            tuned, noise = each.tuned - default.tuned, gain_noise(each, default)
        add(each.target, each.model, Recipe.ALL_LAYERS, images=images, tuned=tuned, noise=noise)
    families, targets, models, *numbers = zip(*rows, strict=True)
    columns = [np.array(column) for column in numbers]
    names, *more = zip(*plain, strict=True)
    return (
        Followed(families, targets, models, *columns),
        Lifted(names, *(np.array(column, dtype=None) for column in more)),
    )


def families_of(targets: Iterable[str]) -> dict[str, str]:
    """Return the families of targets."""
    tasks = _tasks()
    return {target: tasks[target]["family"] for target in targets}


def _tasks() -> dict[str, dict[str, str]]:
    with TASKS.open(newline="") as file:
        return {row["task"]: row for row in csv.DictReader(file)}


def as_trained(tried: Tried, images: int) -> Recipe | None:
    """Return the recipe that what was tried is, at the rate that `finetune` takes; None of others.

    The larger rate of the last stage harmed with few images and gained nothing with many.
    """
    if tried is Tried.STAGE:
        return Recipe.LAST_STAGE
    wanted = Tried.ALL if images >= MANY else Tried.GENTLE
    return Recipe.ALL_LAYERS if tried is wanted else None


def gain_noise(cell: FineTuned, default: FineTuned) -> float:
    """Return the variance of a gain over the default, of cells without single answers."""
    return _UNSHARED * (_spread(cell.tuned) + _spread(default.tuned)) / cell.tested


def _spread(accuracy: float) -> float:
    """Return the variance of a right answer, of accuracies near 0 and 1 no less than a fiftieth."""
    return max(accuracy * (1 - accuracy), 0.02)


#: Of the variances of two accuracies on the same images, what is not common to them: where single
#: answers were not kept.
_UNSHARED = 0.6


class _Probes:
    """Accuracies of linear probes, means over many draws, at any number of images."""

    def __init__(self, tasks: Mapping[str, Mapping[str, str]]) -> None:
        self._tasks = tasks
        self._found = {(c.model, c.target, c.budget): c.accuracy for c in read_cells()}

    def of(self, model: str, target: str, images: float) -> float:
        """Return what lies between few and all images, in the logarithm of their number."""
        task = self._tasks[target]
        few = int(task["shots"]) * int(task["classes"])
        ends = np.log([few, max(int(task["images"]) * 2 / 3, few + 1)])
        found = [self._found[model, target, budget] for budget in (Budget.FEW, Budget.ALL)]
        return float(np.interp(np.log(images), ends, found))
