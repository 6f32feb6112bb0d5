"""How what a recipe gives follows from linear probes: ``python -m research.recipes.follow``.

The constants of `task2vec.recommendation.evidence.recipes`, a set for each recipe, are fitted to
the fine-tuned cells of the choosing half of the families, and judged on the other half. Each family
is also left out in turn. A probe's gain is the mean over many draws: what is left is what a recipe
does that no probe tells, and the noise of the test images, which is known.
"""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.optimize import minimize

from research import RESULTS
from research.development.tasks import choosing_families
from research.recipes.plan import Recipe as Tried
from research.recipes.tables import read
from research.transfer.distances import TASKS
from research.transfer.fine_tuned import FineTuned, read_fine_tuned
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks
from task2vec.recommendation.evidence.world import Indices, Mask, Matrix
from task2vec.types.tuning import Recipe

OUT = RESULTS / "recipes_follow.json"
#: What is trained, in the order of all arrays of constants.
TRAINED = (Recipe.LAST_STAGE, Recipe.ALL_LAYERS)
#: Training images from which all layers are trained at the larger rate, as `finetune` does about.
MANY = 200
LEVELS = (0.8, 0.9)
#: How far the logarithm of a recipe's constant may lie from that of all recipes together.
_APART = 0.4
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


#: Constants of a recipe, all positive: what is kept of a loss; over how many images a gain fades;
#: the standard deviation of what no probe tells, where the default is right on half of the images;
#: another as a share of the probe's gain.
GAIN = ("loss", "fades", "own", "share")
_GAIN_START = np.log([1.0, 100.0, 0.15, 0.35])
#: What training adds to the default's log-odds with many images; over how many it comes; and the
#: standard deviation of that.
LIFT = ("lift", "comes", "lift_sd")
_LIFT_START = np.log([0.7, 100.0, 0.5])


def main() -> None:
    """Fit, judge, write and print."""
    cells, plain = read_followed()
    choosing = choosing_families({*cells.families, *plain.families})
    chosen = np.isin(cells.families, sorted(choosing))
    first, second = cells.of(chosen), cells.of(~chosen)
    lifts = fit_lift(of_families(plain, choosing))
    gains = widened(first, lifts)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "choosing_families": sorted(choosing),
        "cells": {"choosing": len(first), "reporting": len(second), "default": len(plain.tuned)},
        "constants": {
            recipe.value: {
                **dict(zip(GAIN, _round(gains[place]), strict=True)),
                **dict(zip(LIFT, _round(lifts[place]), strict=True)),
            }
            for place, recipe in enumerate(TRAINED)
        },
        "coverage_on_the_reporting_half": {
            "all": coverage(errors(gains, lifts, second), second.families),
            **{
                recipe.value: coverage(
                    errors(gains, lifts, second)[second.recipes == place],
                    np.array(second.families)[second.recipes == place].tolist(),
                )
                for place, recipe in enumerate(TRAINED)
                if (second.recipes == place).any()
            },
        },
        "coverage_with_each_family_left_out": coverage(left_out(cells, lifts), cells.families),
        "share_of_the_rest_that_is_the_model's": {
            "choosing": round(common_to_models(gains, lifts, first), 2),
            "both": round(common_to_models(gains, lifts, cells), 2),
        },
        "expected_minus_got_points": {
            recipe.value: _missed(gains, lifts, second.of(second.recipes == place))
            for place, recipe in enumerate(TRAINED)
            if (second.recipes == place).any()
        },
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def room(accuracy: Matrix) -> Matrix:
    """Return how much there is to gain or to lose: 1 at an accuracy of a half, little at the ends.

    It is the variance of a right answer, in units of its largest.
    """
    return np.asarray(4 * accuracy * (1 - accuracy) + 0.02)


def lifted(lifts: Matrix, recipes: Indices, base: Matrix, images: Matrix) -> Matrix:
    """Return the default's accuracies after training, from those of its linear probes."""
    lift, comes, _ = np.exp(lifts)[recipes].T
    return np.asarray(1 / (1 + np.exp(-(log_odds(base) + lift * -np.expm1(-images / comes)))))


def expected(gains: Matrix, lifts: Matrix, cells: Followed) -> tuple[Matrix, Matrix]:
    """Return means and variances (n,) of tuned gains, the noise of the test included."""
    loss, fades, own, share = np.exp(gains)[cells.recipes].T
    probed = cells.probed
    mean = loss * np.minimum(probed, 0) + np.exp(-cells.images / fades) * np.maximum(probed, 0)
    left = room(lifted(lifts, cells.recipes, cells.base, cells.images))
    return mean, own**2 * left + np.square(share * probed) + cells.noise


def fit(cells: Followed, lifts: Matrix) -> Matrix:
    """Return the logarithms (R, 4) of the constants that the cells are most probable under.

    Those of a recipe lie around those of all together: recipes with few cells follow the others.
    """

    def loss(gains: Matrix) -> float:
        mean, variance = expected(gains, lifts, cells)
        return float((np.log(variance) + np.square(cells.tuned - mean) / variance).sum() / 2)

    return _pooled_fit(loss, _GAIN_START)


def fit_lift(cells: Lifted) -> Matrix:
    """Return the logarithms (R, 3) of the constants of the default's lift."""

    def loss(lifts: Matrix) -> float:
        lift, comes, sd = np.exp(lifts)[cells.recipes].T
        mean = cells.probed + lift * -np.expm1(-cells.images / comes)
        variance = sd**2 + cells.noise
        return float((np.log(variance) + np.square(cells.tuned - mean) / variance).sum() / 2)

    return _pooled_fit(loss, _LIFT_START)


def _pooled_fit(loss: Callable[[Matrix], float], start: Matrix) -> Matrix:
    """Minimise a loss of (R, K) logarithms, those of each recipe drawn around common ones.

    The common ones are drawn around ``start`` with a standard deviation of 1.
    """
    shape = len(TRAINED), len(start)

    def penalised(flat: Matrix) -> float:
        common, own = flat[: shape[1]], flat[shape[1] :].reshape(shape)
        apart = float(np.square((own - common) / _APART).sum() / 2)
        return loss(own) + apart + float(np.square(common - start).sum() / 2)

    found = minimize(penalised, np.tile(start, shape[0] + 1), method="L-BFGS-B")
    return np.asarray(found.x[shape[1] :].reshape(shape))


def widened(cells: Followed, lifts: Matrix) -> Matrix:
    """Return `fit`'s, standard deviations so much wider that 90 % intervals hold 90 %.

    By the errors on each family, left out of the fit: a few cells are farther off than normal ones.
    """
    gains = fit(cells, lifts)
    wider = float(np.quantile(left_out(cells, lifts), LEVELS[-1])) / _reach(LEVELS[-1])
    gains[:, 2:] += np.log(max(wider, 1.0))
    return gains


def left_out(cells: Followed, lifts: Matrix) -> Matrix:
    """Return (n,) errors of cells whose family was left out of the fit."""
    off = np.empty(len(cells))
    for family in set(cells.families):
        rows = np.array([each == family for each in cells.families])
        off[rows] = errors(fit(cells.of(~rows), lifts), lifts, cells.of(rows))
    return off


def errors(gains: Matrix, lifts: Matrix, cells: Followed) -> Matrix:
    """Return (n,) absolute errors in standard deviations."""
    return np.abs(_rest(gains, lifts, cells))


def coverage(off: Matrix, families: Sequence[str]) -> dict[str, list[float]]:
    """Return the share of errors (n,) that intervals hold, over families, by level."""
    return {
        f"{level:g}": _shown(over_tasks((off <= _reach(level)).astype(float), families=families))
        for level in LEVELS
    }


def common_to_models(gains: Matrix, lifts: Matrix, cells: Followed) -> float:
    """Return which share of the variance that no probe tells a model has on every target.

    The mean product of the errors of one model on two targets, by the mean square.
    """
    rest = _rest(gains, lifts, cells)
    models, targets = np.array(cells.models), np.array(cells.targets)
    other = (models[:, None] == models) & (targets[:, None] != targets)
    other &= cells.recipes[:, None] == cells.recipes
    return float((np.outer(rest, rest)[other]).mean() / np.square(rest).mean())


def _rest(gains: Matrix, lifts: Matrix, cells: Followed) -> Matrix:
    mean, variance = expected(gains, lifts, cells)
    return np.asarray((cells.tuned - mean) / np.sqrt(variance))


def _missed(gains: Matrix, lifts: Matrix, cells: Followed) -> list[float]:
    mean, _ = expected(gains, lifts, cells)
    return _shown(over_tasks(100 * (mean - cells.tuned), families=cells.families))


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
    with TASKS.open(newline="") as file:
        tasks = {row["task"]: row for row in csv.DictReader(file)}
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


def _reach(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _round(logs: Matrix) -> list[float]:
    return [float(f"{value:.3g}") for value in np.exp(logs)]


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
