"""Whether answers keep their promise: ``python -m research.recipes.promises``.

`research.recipes.follow` knows the probe's gain from many draws. An answer does not: it has the
gain model's belief about a target that it was not fitted to, after some linear probes on one draw.
This compares the expected gain of training all layers, with its 90 % interval, with the fine-tuned
models of that target, whose test images have a noise of their own.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.recipes.followed import gain_noise
from research.transfer.cascading import Fits, Ours, read_scores
from research.transfer.fine_tuned import read_fine_tuned
from research.transfer.report import PASSES, LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.backtest.folds import cases
from task2vec.recommendation.evidence.recipes import RecipeGain, recipe_gain
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.recommendation.rankers import TRUST, Ranking
from task2vec.types.tuning import Recipe

OUT = RESULTS / "transfer_promises.json"


def main() -> None:
    """Judge, write and print."""
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "share_of_fine_tuned_gains_in_90_percent_intervals": {
            str(budget): {str(left): judge(budget, left) for left in (LeftOut.TASK, LeftOut.FAMILY)}
            for budget in Budget
        },
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def judge(budget: Budget, left: LeftOut) -> dict[str, Any]:
    """Return by the number of probes what intervals held, over families."""
    transfer = read_transfer(budget, distance="plain")
    scores, fits = read_scores(transfer.world, budget), Fits()
    tuned = {(c.target, c.model): c for c in read_fine_tuned() if c.budget is budget}
    held, families = defaultdict[int, list[float]](list), list[str]()
    for case in cases(transfer.world, left.folds, left.families(transfer)):
        target = case.world.tasks[case.target]
        plain = tuned.get((target, DEFAULT))
        if plain is None:
            continue
        few = int(scores.images[case.target])
        images = few if budget is Budget.FEW else 2 * plain.tested
        steps = list(Ours("ours", fits, scores, passes=max(PASSES), trust=TRUST).steps(case))
        for place, model in enumerate(case.offered):
            cell = tuned.get((target, case.world.models[model]))
            if cell is None or model == case.world.default:
                continue
            families.append(transfer.families[case.target])
            for probes in (0, *PASSES):
                ranking = steps[min(probes, len(steps) - 1)][1]
                base = float(transfer.world.base[case.target])
                expected = foretold(ranking, place, Recipe.ALL_LAYERS, images=images, base=base)
                off = abs(cell.tuned - plain.tuned - expected.mean)
                noise = gain_noise(cell, plain)
                reached = NORMAL_REACH * np.hypot(expected.sd, np.sqrt(noise))
                held[probes].append(float(off <= reached))
    return {
        "models": len(families),
        **{
            "all" if probes == max(PASSES) else str(probes): [
                round(value, 3) for value in (found.value, found.low, found.high)
            ]
            for probes, values in held.items()
            for found in [over_tasks(np.array(values), families=families)]
        },
    }


def foretold(
    ranking: Ranking, place: int, recipe: Recipe, *, images: int, base: float
) -> RecipeGain:
    """Return the gain that an answer expects of the model at a place, trained by a recipe."""
    return led_to_expect(ranking, place, recipe, images=images, base=base).borne_out()


def led_to_expect(
    ranking: Ranking, place: int, recipe: Recipe, *, images: int, base: float
) -> RecipeGain:
    """Return the same before what trainings have borne out of such gains counts."""
    assert ranking.sd is not None, "expected gains have one"
    reach = float(np.asarray(ranking.reach)[-1, place])
    sd = float(ranking.sd[place]) * reach / NORMAL_REACH
    return recipe_gain(recipe, float(ranking.scores[place]), sd, images=images, base=base)


if __name__ == "__main__":
    main()
