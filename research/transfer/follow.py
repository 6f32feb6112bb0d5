"""How the gain of fine-tuning follows from that of a linear probe.

``python -m research.transfer.follow`` fits the constants of
`task2vec.recommendation.prediction.fine_tuned_gain` to the cells of `fine_tuned` on the choosing
half of the families, and judges them on the other half. Each family is also left out in turn and
the constants are fitted to all others.
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
from research.transfer.distances import TASKS
from research.transfer.fine_tuned import read_fine_tuned
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks, ratio_of_sums
from task2vec.recommendation.evidence.world import Mask, Matrix

OUT = RESULTS / "transfer_follow.json"
LEVELS = (0.8, 0.9)
#: Accuracies nearer to 0 or 1 than this count as at this distance.
_EDGE = 0.01


@dataclass(frozen=True, eq=False)
class Followed:
    """n cells of models but the default: gains over it, as fractions of accuracy.

    ``probed`` are means over all draws, ``tuned`` is of one fine-tuning on ``images`` images.
    """

    families: Sequence[str]
    budgets: Sequence[str]
    probed: Matrix
    tuned: Matrix
    images: Matrix

    def of(self, rows: Mask) -> "Followed":
        """Return some of the cells."""
        return Followed(
            np.array(self.families)[rows].tolist(),
            np.array(self.budgets)[rows].tolist(),
            self.probed[rows],
            self.tuned[rows],
            self.images[rows],
        )


#: From parameters, probed gains and images to means and variances of tuned gains.
Form = Callable[[Matrix, Matrix, Matrix], tuple[Matrix, Matrix]]


def kept_with_images(parameters: Matrix, probed: Matrix, images: Matrix) -> tuple[Matrix, Matrix]:
    """Gains fade with the images, losses do not: what the package uses."""
    loss, fades, own, share = np.exp(parameters)
    mean = loss * np.minimum(probed, 0) + np.exp(-images / fades) * np.maximum(probed, 0)
    return mean, own**2 + np.square(share * probed)


def gains_and_losses(parameters: Matrix, probed: Matrix, _images: Matrix) -> tuple[Matrix, Matrix]:
    """One slope of gains and one of losses, whatever the images."""
    loss, gain, own, share = np.exp(parameters)
    mean = loss * np.minimum(probed, 0) + gain * np.maximum(probed, 0)
    return mean, own**2 + np.square(share * probed)


def one_slope(parameters: Matrix, probed: Matrix, _images: Matrix) -> tuple[Matrix, Matrix]:
    """One slope of all."""
    slope, own, share = np.exp(parameters)
    return slope * probed, own**2 + np.square(share * probed)


FORMS: Mapping[str, tuple[Form, Sequence[float]]] = {
    "gains fade with images": (kept_with_images, (1.0, 100.0, 0.05, 0.2)),
    "slopes of gains and losses": (gains_and_losses, (1.0, 0.5, 0.05, 0.2)),
    "one slope": (one_slope, (1.0, 0.05, 0.2)),
}
OURS = "gains fade with images"


def main() -> None:
    """Fit, judge, write and print."""
    cells, defaults = read_followed()
    choosing = choosing_families(set(cells.families))
    chosen = np.isin(cells.families, sorted(choosing))
    first, second = cells.of(chosen), cells.of(~chosen)
    fitted = widened(OURS, first)
    fades = float(np.exp(fitted[1]))
    lift, lift_sd = default_lift([row for row in defaults if row[0] in choosing], fades)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "choosing_families": sorted(choosing),
        "cells": {"choosing": len(first.probed), "reporting": len(second.probed)},
        "constants": {
            **dict(zip(("loss_slope", "fades", "own_sd", "share_sd"), _round(fitted), strict=True)),
            "lift": round(lift, 2),
            "lift_sd": round(lift_sd, 2),
        },
        "log_density_a_cell": {
            name: {
                "choosing": round(log_density(name, fit(name, first), first), 3),
                "reporting": round(log_density(name, fit(name, first), second), 3),
            }
            for name in FORMS
        },
        "coverage": {
            "reporting half": coverage(errors(OURS, fitted, second), second.families),
            "each family left out": {
                budget: _left_out(cells, budget) for budget in ("few", "all", "both")
            },
        },
        "expected_and_got_points": {
            "reporting half": _expected_and_got(fitted, second),
            "both": _expected_and_got(fitted, cells),
        },
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def read_followed() -> tuple[Followed, list[tuple[str, float, float, float]]]:
    """Return the cells, and of the default (family, probed, tuned, images) for each target."""
    with TASKS.open(newline="") as file:
        tasks = {row["task"]: row for row in csv.DictReader(file)}
    probed = {(c.target, c.budget, c.model): c.accuracy for c in read_cells()}
    tuned = {(c.target, c.budget, c.model): c for c in read_fine_tuned()}
    rows, defaults = [], []
    for (target, budget, model), cell in tuned.items():
        plain = tuned.get((target, budget, DEFAULT))
        if plain is None:
            continue
        family, task = tasks[target]["family"], tasks[target]
        few = int(task["shots"]) * int(task["classes"])
        # Two thirds of the images train, one third tests.
        images = float(few if budget is Budget.FEW else 2 * plain.tested)
        base = probed[target, budget, DEFAULT]
        if model == DEFAULT:
            defaults.append((family, base, plain.tuned, images))
        else:
            gain = probed[target, budget, model] - base
            rows.append((family, str(budget), gain, cell.tuned - plain.tuned, images))
    families, budgets, *numbers = zip(*rows, strict=True)
    return Followed(families, budgets, *map(np.array, numbers)), defaults


def fit(form: str, cells: Followed) -> Matrix:
    """Return the logarithms of the parameters that the cells are most probable under."""
    start = np.log(FORMS[form][1])
    found = minimize(
        lambda parameters: -log_density(form, parameters, cells),
        start,
        method="Nelder-Mead",
        options={"maxiter": 4000, "maxfev": 4000, "xatol": 1e-5, "fatol": 1e-9},
    )
    return np.asarray(found.x)


def widened(form: str, cells: Followed) -> Matrix:
    """Return `fit`'s, both standard deviations so much wider that 90 % intervals hold 90 %.

    By the errors on each family, left out of the fit: a few cells are farther off than normal ones.
    """
    off = np.empty(len(cells.probed))
    for family in set(cells.families):
        rows = np.array([each == family for each in cells.families])
        off[rows] = errors(form, fit(form, cells.of(~rows)), cells.of(rows))
    parameters = fit(form, cells)
    wider = float(np.quantile(off, LEVELS[-1])) / NormalDist().inv_cdf((1 + LEVELS[-1]) / 2)
    parameters[-2:] += np.log(max(wider, 1.0))
    return parameters


def log_density(form: str, parameters: Matrix, cells: Followed) -> float:
    """Return the mean log density of a cell, but for a constant."""
    mean, variance = FORMS[form][0](parameters, cells.probed, cells.images)
    return float(-(np.log(variance) + np.square(cells.tuned - mean) / variance).mean() / 2)


def errors(form: str, parameters: Matrix, cells: Followed) -> Matrix:
    """Return (n,) absolute errors in standard deviations."""
    mean, variance = FORMS[form][0](parameters, cells.probed, cells.images)
    return np.asarray(np.abs(cells.tuned - mean) / np.sqrt(variance))


def coverage(off: Matrix, families: Sequence[str]) -> dict[str, list[float]]:
    """Return the share of errors (n,) that intervals hold, over families, by level."""
    found = {}
    for level in LEVELS:
        reach = NormalDist().inv_cdf((1 + level) / 2)
        held = (off <= reach).astype(np.float64)
        found[f"{level:g}"] = _shown(over_tasks(held, families=families))
    return found


def default_lift(
    rows: Sequence[tuple[str, float, float, float]], fades: float
) -> tuple[float, float]:
    """Return what fine-tuning with many images adds to the default's log-odds, and its scatter."""
    _, probed, tuned, images = (np.array(column) for column in zip(*rows, strict=True))
    more = log_odds(tuned) - log_odds(probed)
    faded = 1 - np.exp(-images / fades)
    lift = float(faded @ more / (faded @ faded))
    return lift, float(np.std(more - lift * faded))


def log_odds(accuracy: Matrix) -> Matrix:
    """Return the log-odds of accuracies, kept from the ends."""
    edged = np.clip(accuracy, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(edged / (1 - edged)))


def _left_out(cells: Followed, budget: str) -> dict[str, list[float]]:
    off = np.empty(len(cells.probed))
    for family in set(cells.families):
        rows = np.array([each == family for each in cells.families])
        off[rows] = errors(OURS, widened(OURS, cells.of(~rows)), cells.of(rows))
    asked = np.array([budget in (each, "both") for each in cells.budgets])
    return coverage(off[asked], np.array(cells.families)[asked].tolist())


def _expected_and_got(parameters: Matrix, cells: Followed) -> dict[str, Any]:
    """Return means over the cells whose probe gains, by budget, in points."""
    found = {}
    for budget in Budget:
        rows = (cells.probed > 0) & np.array([each == budget for each in cells.budgets])
        some = cells.of(rows)
        mean, _ = FORMS[OURS][0](parameters, some.probed, some.images)
        found[str(budget)] = {
            "cells": int(rows.sum()),
            "probed": round(100 * float(some.probed.mean()), 1),
            "expected": round(100 * float(mean.mean()), 1),
            "got": _shown(over_tasks(100 * some.tuned, families=some.families)),
            "got_for_a_probed_one": _shown(
                over_tasks(some.tuned, some.probed, families=some.families, statistic=ratio_of_sums)
            ),
        }
    return found


def _round(parameters: Matrix) -> list[float]:
    loss, fades, own, share = np.exp(parameters)
    return [
        round(float(loss), 2),
        round(float(fades)),
        round(float(own), 3),
        round(float(share), 2),
    ]


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
