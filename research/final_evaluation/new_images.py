"""What new images cost beside held-out ones: ``python -m research.final_evaluation.new_images``.

The default's linear probe on the images of a draw, each left out, against its outcome on the test
images of the task, which show other objects. Compared in log-odds, over the 36 development tasks.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.final_evaluation.plan import shots_text
from research.final_evaluation.results import read_results
from research.final_evaluation.tables import FOLDER, FRESH, from_digits
from research.recipes.followed import families_of, log_odds
from research.recipes.tables import RecipeCell
from research.transfer.outcomes import read_cells
from research.transfer.scores import TABLE
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.recipes import moved
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.recommendation.prediction.new_images import OnNewImages, on_new_images
from task2vec.types.tuning import Recipe

OUT = RESULTS / "recipes_new_images.json"


def main() -> None:
    """Judge, write and print."""
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        **{str(budget): judged(budget) for budget in Budget},
        "fresh, default trained by all layers": fresh(),
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def fresh() -> dict[str, Any]:
    """Return how accuracies from probes of the fresh tasks do: as measured, and on new images.

    They chose nothing. ``promised_beyond`` is in points; ``held`` counts the noise of the test.
    """
    results = read_results(FRESH)
    with (FOLDER / FRESH / "passed.csv").open(newline="") as file:
        passed = {
            (row["target"], row["shots"]): from_digits(row["correct"])
            for row in csv.DictReader(file)
            if row["model"] == DEFAULT
        }
    found: dict[str, Any] = {}
    for shots in results.shots:
        rows = []
        for key in results.of(shots):
            cell = results.cell(key, DEFAULT, Recipe.ALL_LAYERS)
            correct = passed.get((key[0], str(key[1])))
            if cell is not None and correct is not None:
                rows.append((cell, float(correct.mean()), len(correct)))
        found[shots_text(shots)] = {
            "targets": len(rows),
            "as measured": _kept([_promise(*row, new=False) for row in rows]),
            "on new images": _kept([_promise(*row, new=True) for row in rows]),
        }
    return found


def _promise(
    cell: RecipeCell, probed: float, tested: int, *, new: bool
) -> tuple[float, float, float, RecipeCell]:
    """Return the accuracy promised of all layers, what lies below and above it, and the cell."""
    images, p = cell.training, (probed * tested + 1) / (tested + 2)
    half = NORMAL_REACH * float(np.sqrt(p * (1 - p) / tested))
    base = OnNewImages(probed, probed - half, probed + half)
    if new:
        base = on_new_images(
            probed, tested=tested, images=images, classes=cell.classes, reach=NORMAL_REACH
        )
    to = moved(
        base.accuracy,
        known_by=Recipe.LINEAR_PROBE,
        to=Recipe.ALL_LAYERS,
        images=images,
        reach=NORMAL_REACH,
    )
    below = float(np.hypot(to.accuracy - to.low, base.accuracy - base.low))
    above = float(np.hypot(to.high - to.accuracy, base.high - base.accuracy))
    return to.accuracy, below, above, cell


def _kept(promises: Sequence[tuple[float, float, float, RecipeCell]]) -> dict[str, float]:
    off, held = [], []
    for promised, below, above, cell in promises:
        count = len(cell.correct)
        p = (cell.correct.sum() + 1) / (count + 2)
        noise = NORMAL_REACH * float(np.sqrt(p * (1 - p) / count))
        got = float(cell.correct.mean())
        off.append(promised - got)
        held.append(-np.hypot(above, noise) <= promised - got <= np.hypot(below, noise))
    return {
        "promised_beyond": round(100 * float(np.mean(off)), 1),
        "held": round(float(np.mean(held)), 2),
    }


def judged(budget: Budget) -> dict[str, Any]:
    """Return the mean cost in log-odds over families, and its deviation without the test's noise.

    A probe that is right on a share p of n images has log-odds with the variance ``1 / (n p (1 -
    p))``, which is taken off; one right and one wrong answer count as added.
    """
    outcome = {
        cell.target: cell.accuracy
        for cell in read_cells()
        if cell.model == DEFAULT and cell.budget is budget
    }
    off, noise = defaultdict[str, list[float]](list), []
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] != DEFAULT or row["budget"] != budget:
                continue
            probed, target = float(row["linear_probe"]), row["target"]
            ends = log_odds(np.array([probed, outcome[target]]))
            off[target].append(float(ends[0] - ends[1]))
            # The table has the variance of the default's gain over itself: 2 / images^2.
            images = round((2 / float(row["linear_probe_variance"])) ** 0.5)
            p = (probed * images + 1) / (images + 2)
            noise.append(1 / (images * p * (1 - p)))
    costs = np.array([np.mean(values) for values in off.values()])
    families = families_of(off)
    cost = over_tasks(costs, families=[families[target] for target in off])
    single = np.concatenate([np.array(values) for values in off.values()])
    return {
        "tasks": len(off),
        "draws": len(single),
        "log_odds_lost": [round(value, 3) for value in (cost.value, cost.low, cost.high)],
        "deviation": round(float(single.std()), 3),
        "deviation_without_noise": round(
            float(np.sqrt(max(single.var() - np.mean(noise), 0.0))), 3
        ),
    }


if __name__ == "__main__":
    main()
