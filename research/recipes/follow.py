"""How what a recipe gives follows from linear probes: ``python -m research.recipes.follow``.

The constants of `task2vec.recommendation.evidence.recipes`, a set for each recipe, are fitted to
the fine-tuned cells of the choosing half of the families, and judged on the other half. Each family
is also left out in turn. A probe's gain is the mean over many draws: what is left is what a recipe
does that no probe tells, and the noise of the test images, which is known.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from scipy.optimize import minimize

from research import RESULTS
from research.development.tasks import choosing_families
from research.recipes.followed import (
    TRAINED,
    Followed,
    Lifted,
    log_odds,
    of_families,
    read_followed,
)
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks
from task2vec.recommendation.evidence.recipes import OWN_IMAGES
from task2vec.recommendation.evidence.world import Indices, Matrix
from task2vec.recommendation.prediction.intervals import normal_reach

OUT = RESULTS / "recipes_follow.json"
LEVELS = (0.8, 0.9)
#: How far the logarithm of a recipe's constant may lie from that of all recipes together.
_APART = 0.4


#: Constants of a recipe, all positive: what is kept of a loss; over how many images a gain fades;
#: the standard deviation of what no probe tells, with `OWN_IMAGES` where the default is right on
#: half of the images; and others as shares of the probe's loss, or of its gain.
GAIN = ("loss", "fades", "own", "share_of_loss", "share_of_gain")
_GAIN_START = np.log([1.0, 100.0, 0.1, 0.35, 0.35])
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
    loss, fades, own, of_loss, of_gain = np.exp(gains)[cells.recipes].T
    lost, gained = np.minimum(cells.probed, 0), np.maximum(cells.probed, 0)
    mean = loss * lost + np.exp(-cells.images / fades) * gained
    left = room(lifted(lifts, cells.recipes, cells.base, cells.images))
    variance = own**2 * left * OWN_IMAGES / cells.images
    variance += np.square(of_loss * lost) + np.square(of_gain * gained)
    return mean, variance + cells.noise


def fit(cells: Followed, lifts: Matrix) -> Matrix:
    """Return the logarithms (R, 5) of the constants that the cells are most probable under.

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
    wider = float(np.quantile(left_out(cells, lifts), LEVELS[-1])) / normal_reach(LEVELS[-1])
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
        f"{level:g}": _shown(
            over_tasks((off <= normal_reach(level)).astype(float), families=families)
        )
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


def _round(logs: Matrix) -> list[float]:
    return [float(f"{value:.3g}") for value in np.exp(logs)]


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
