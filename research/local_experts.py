"""What a few experts of example tasks add to a fresh store: ``python -m research.local_experts``.

A fresh store knows the outcomes of the packaged models, as those that ship do, and may have the
experts that `task2vec experts get` makes. Each development task asks in turn; no expert is of its
family, or of its superfamily. Linear probes are replayed from the tables of ``research/transfer``,
after none and after 2, 4 and 8 of them. Gains over the default are those of linear probes, means
over draws, and what `recipe_gain` expects to be left of them once all layers are trained.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.development.tasks import SUPERFAMILIES
from research.transfer.cascading import Fits, Ours, read_scores
from research.transfer.report import LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.cli.experts import TASKS
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.evidence.recipes import recipe_gain
from task2vec.recommendation.evidence.world import Case
from task2vec.recommendation.rankers import TRUST
from task2vec.service.packaged_models import packaged_models
from task2vec.types.tuning import Recipe

OUT = RESULTS / "local_experts.json"
PROBES = (0, 2, 4, 8)
#: Experts in the store, by what the report calls them.
STORES = {"without experts": (), "with experts": TASKS}


def judge(budget: Budget, left_out: LeftOut) -> dict[str, dict[str, dict[str, list[float]]]]:
    """Return by store and number of probes what the answers gain, in points."""
    transfer = read_transfer(budget, distance="plain")
    world, families = transfer.world, list(transfer.families)
    kinds = [SUPERFAMILIES[family] for family in families]
    scores, fits = read_scores(world, budget), Fits()
    packaged = [model.name for model in packaged_models()]
    unknown = np.ones_like(world.gains, dtype=np.bool_)
    unknown[[world.models.index(name) for name in packaged]] = False
    answers: dict[tuple[str, int], list[tuple[float, float, float]]] = defaultdict(list)
    groups = kinds if left_out is LeftOut.SUPERFAMILY else families
    for case in cases(world, Folds.FAMILY, groups):
        gains = world.gains[:, case.target]
        known = case.world.without(unknown)
        for store, experts in STORES.items():
            here = {*packaged, *experts}
            offered = [m for m in case.offered.tolist() if world.models[m] in here]
            ours = Ours(store, fits, scores, passes=max(PROBES), trust=TRUST)
            steps = [step for _, step in ours.steps(Case(known, case.target, np.array(offered)))]
            for probes in PROBES:
                choice = steps[min(probes, len(steps) - 1)].choice
                leaves = choice != world.default
                gain = float(gains[choice]) if leaves else 0.0
                left = _trained(gain, int(scores.images[case.target]), world.base[case.target])
                answers[store, probes].append((gain, left, float(leaves)))
    result: dict[str, dict[str, dict[str, list[float]]]] = {store: {} for store in STORES}
    for (store, probes), rows in answers.items():
        probed, trained, leaves = np.array(rows).T
        figures = {
            "gain_points": 100 * probed,
            "trained_gain_points": 100 * trained,
            "leaves_the_default": leaves,
            "harms": (probed < 0).astype(float),
        }
        result[store][str(probes)] = {
            name: _interval(values, families, kinds) for name, values in figures.items()
        }
    return result


def _trained(gain: float, images: int, base: float) -> float:
    """Return what is expected of a gain by linear probes once all layers are trained."""
    if gain == 0:
        return 0.0
    return recipe_gain(Recipe.ALL_LAYERS, gain, 0.0, images=images, base=float(base)).mean


def _interval(values: Any, families: list[str], kinds: list[str]) -> list[float]:
    found = over_tasks(values, families=families, superfamilies=kinds)
    return [round(each, 3) for each in (found.value, found.low, found.high)]


def main() -> None:
    """Judge, write and print."""
    result = {}
    for budget in Budget:
        for left_out in (LeftOut.FAMILY, LeftOut.SUPERFAMILY):
            key = f"{left_out}, {budget}"
            result[key] = judge(budget, left_out)
            print(key, json.dumps(result[key]), flush=True)
    document = {"date": datetime.now(UTC).date().isoformat(), "tasks": TASKS, "result": result}
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
