"""How well the default's accuracy is foretold: ``python -m research.transfer.difficulty``.

Each task is left out in turn. Beside it stands the mean accuracy on the other tasks, and what else
might tell how hard a task is: the nats in the weights of its head, and those that it needs beyond
the source that leaves fewest.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from research import RESULTS
from research.transfer.distances import TASKS
from research.transfer.tables import NATS, read_information, read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks
from task2vec.recommendation.prediction.difficulty import foretell_from

Matrix = NDArray[np.float64]
#: What `task2vec.recommendation.prediction.difficulty.foretell` looks at.
OURS = ("classes", "complexity")
TRIED = (
    ("classes",),
    ("classes", "head_noise"),
    ("classes", "head_noise_few"),
    ("classes", "head_loss"),
    ("classes", "head_noise", "head_loss"),
    ("classes", "nearest_source"),
    (*OURS, "head_noise"),
    (*OURS, "head_noise_few"),
    (*OURS, "head_total"),
    (*OURS, "nearest_source"),
)


def main() -> None:
    """Print and write errors in points of accuracy, and rank correlations."""
    result: dict[str, dict[str, Any]] = {"rms_points": {}, "spearman": {}, "absolute_points": {}}
    for budget in Budget:
        transfer = read_transfer(budget, distance="plain")
        world, estimate = transfer.world, partial(over_tasks, families=transfer.families)
        known = predictors(world.tasks)
        found = {
            features: _foretold(known, features, world.symmetric, world.base)
            for features in (OURS, *TRIED)
        }
        mean = (world.base.sum() - world.base) / (len(world.base) - 1)
        result["rms_points"][budget] = {
            name: round(100 * float(np.sqrt(np.mean(np.square(each - world.base)))), 2)
            for name, each in (("foretold", found[OURS]), ("mean_of_others", mean))
        }
        result["spearman"][budget] = {
            name: {
                "all": _shown(spearman(values, world.base, families=transfer.families), 3),
                "given_classes": _shown(
                    spearman(values, world.base, known["classes"], families=transfer.families), 3
                ),
            }
            for name, values in known.items()
        }
        ours = np.abs(found[OURS] - world.base)
        result["absolute_points"][budget] = {
            " + ".join(features): {
                "error": _shown(estimate(100 * np.abs(each - world.base))),
                "less_than_ours": _shown(estimate(100 * (ours - np.abs(each - world.base)))),
            }
            for features, each in found.items()
        }
    document = {"date": datetime.now(UTC).date().isoformat(), **result}
    text = json.dumps(document, indent=1)
    (RESULTS / "transfer_difficulty.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def predictors(tasks: tuple[str, ...]) -> Mapping[str, Matrix]:
    """Return (T,) of each predictor; numbers of classes and nats by their logarithms."""
    with TASKS.open(newline="") as file:
        outlines = {row["task"]: row for row in csv.DictReader(file)}
    with NATS.open(newline="") as file:
        nats = {row["task"]: row for row in csv.DictReader(file)}

    def column(rows: Mapping[str, Mapping[str, str]], name: str) -> Matrix:
        return np.array([float(rows[task][name]) for task in tasks])

    between, _ = read_information(tasks)
    np.fill_diagonal(between, np.inf)
    noise = column(nats, "noise")
    return {
        "classes": np.log(column(outlines, "classes")),
        "complexity": column(outlines, "complexity"),
        "head_noise": np.log(noise),
        "head_total": np.log(noise + column(nats, "place")),
        "head_noise_few": np.log(column(nats, "noise_few")),
        "head_loss": np.log(column(nats, "loss")),
        "nearest_source": np.log(between.min(axis=0)),
    }


def spearman(
    values: Matrix, base: Matrix, given: Matrix | None = None, *, families: Sequence[str]
) -> Estimate:
    """Return the rank correlation of a predictor and the accuracies (T,), with its interval.

    With ``given``, the partial one: of what ranks of this do not explain linearly.
    """
    columns = [np.asarray(rankdata(each), np.float64) for each in (values, base)]
    if given is not None:
        columns.append(np.asarray(rankdata(given), np.float64))
    return over_tasks(*columns, families=families, statistic=_correlation)


def _correlation(*columns: Matrix, weights: Matrix) -> Matrix:
    share = weights / weights.sum(axis=-1, keepdims=True)

    def product(a: Matrix, b: Matrix) -> Matrix:
        return np.asarray((share * a * b).sum(axis=-1, keepdims=True))

    def unit(of: Matrix) -> Matrix:
        centred = of - (share * of).sum(axis=-1, keepdims=True)
        length = np.sqrt(product(centred, centred))
        return np.asarray(centred / np.where(length > 1e-9, length, 1.0))

    a, b, *given = (unit(column) for column in columns)
    for g in given:
        a, b = (unit(x - product(x, g) * g) for x in (a, b))
    return product(a, b)[..., 0]


def _foretold(
    known: Mapping[str, Matrix], features: tuple[str, ...], symmetric: Matrix, base: Matrix
) -> Matrix:
    table = np.stack([known[name] for name in features], axis=1)
    return np.array(
        [foretell_from(table, symmetric, base, target=t).accuracy for t in range(len(base))]
    )


def _shown(estimate: Estimate, digits: int = 2) -> list[float]:
    return [round(value, digits) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
