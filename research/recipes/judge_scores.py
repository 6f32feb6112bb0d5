"""Judges scores by the order of fine-tuned models: ``python -m research.recipes.judge_scores``.

A draw has some five models: the order of so few tells little, and half of it is chance where they
are nearly equal. So pairs of models are pooled over all draws, each weighing as much as the two
differ: the *concordance* is the sum of the differences of pairs that a score orders right, less
that of the others, over the sum of all. 1 is the right order, 0 is what a coin tells. The mean
weighted tau of the draws of three models or more stands beside it. There are two
intervals: one draws superfamilies of targets, the other families. Either takes all draws of a
target together.

``--cells FILE`` names another table of cells. Only what `research.recipes.scores` has scored
counts.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import SUPERFAMILIES, development_tasks
from research.recipes import tables
from research.recipes.scores import (
    JUDGED,
    PASS,
    RIDGE_ERROR,
    SKETCH,
    key_of,
    read_rows,
)
from research.recipes.yardsticks import Tried, Yardstick, tried_in_recipes, tried_in_transfer
from research.scores.names import ScoreName, TuningScoreName
from research.transfer.fine_tuned import read_fine_tuned
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks, ratio_of_sums
from task2vec.recommendation.backtest.run import weighted_tau

OUT = RESULTS / "recipes_scores.json"
RIVALS = (str(ScoreName.LOGME), RIDGE_ERROR)
GRADIENTS = (TuningScoreName.LABEL_GRADIENT, TuningScoreName.TRAINING_TIME)
#: What a pair weighs at most among near ones, in accuracy.
NEAR = 0.05
_FEWEST_FOR_TAU = 3

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """What the scores said of the models of one draw, and what became of them.

    ``accuracies`` are (M,) by yardstick, ``scores`` (M,) by name, nan where there is none.
    """

    target: str
    family: str
    shots: str
    images: int
    accuracies: Mapping[Yardstick, Array]
    scores: Mapping[str, Array]


def main() -> None:
    """Print and write how each score does."""
    parser = argparse.ArgumentParser(prog="python -m research.recipes.judge_scores")
    parser.add_argument("--cells", type=Path, default=tables.TABLE, help="the fine-tuned cells")
    asked = parser.parse_args()
    families = {name: task.family for name, task in development_tasks().items()}
    rows = read_rows()
    cells, older = tables.read(asked.cells), list(read_fine_tuned())
    recipes = joined(tried_in_recipes(cells), rows, families)
    transfer = joined(tried_in_transfer(older), rows, families)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "cells": {"recipes": len(cells), "transfer": len(older)},
        "seconds_per_image": seconds_per_image(rows),
        "result": {
            name: {str(yardstick): judge(draws, yardstick) for yardstick in Yardstick}
            for name, draws in {
                "recipes": recipes,
                "transfer": transfer,
                "both": [*recipes, *transfer],
            }.items()
            if draws
        },
    }
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    _print(document)


def joined(
    tried: Sequence[Tried], rows: Sequence[Mapping[str, str]], families: Mapping[str, str]
) -> list[Judged]:
    """Return the draws of which two models or more have been scored."""
    by_draw: dict[tuple[str, str, int], dict[str, Mapping[str, str]]] = {}
    for row in rows:
        by_draw.setdefault(key_of(dict(row)), {})[row["model"]] = row
    found = []
    for each in tried:
        scored = by_draw.get(each.key, {})
        models = [model for model in each.accuracies if model in scored]
        if len(models) < 2:
            continue
        found.append(
            Judged(
                each.target,
                families[each.target],
                each.shots,
                int(scored[models[0]]["images"]),
                {
                    yardstick: np.array([each.accuracies[model][yardstick] for model in models])
                    for yardstick in Yardstick
                },
                {name: np.array([float(scored[m][name]) for m in models]) for name in JUDGED},
            )
        )
    return found


def concordance_parts(
    scores: Array, accuracies: Array, *, most: float = 1.0
) -> tuple[float, float]:
    """Return the numerator and the denominator of one draw's concordance, in accuracy.

    ``scores`` and ``accuracies`` are (M,), and ``most`` is what a pair weighs at most. Pairs whose
    scores are equal, or one of which has none, add nothing to the numerator.
    """
    right, every = 0.0, 0.0
    for i, j in combinations(range(len(scores)), 2):
        gap = np.clip(accuracies[i] - accuracies[j], -most, most)
        every += float(abs(gap))
        if np.isfinite(scores[i]) and np.isfinite(scores[j]):
            right += gap * np.sign(scores[i] - scores[j])
    return float(right), float(every)


def judge(draws: Sequence[Judged], yardstick: Yardstick) -> dict[str, Any]:
    """Return for each score its concordance, tau, regret, and differences to the rivals."""
    clusters = {
        "superfamilies": [SUPERFAMILIES[draw.family] for draw in draws],
        "families": [draw.family for draw in draws],
    }
    whole, near = (
        {
            name: np.array(
                [
                    concordance_parts(draw.scores[name], draw.accuracies[yardstick], most=most)
                    for draw in draws
                ]
            ).T
            for name in JUDGED
        }
        for most in (1.0, NEAR)
    )

    def share(right: Array, every: Array) -> dict[str, list[float]]:
        return {
            kind: _shown(over_tasks(right, every, families=names, statistic=ratio_of_sums))
            for kind, names in clusters.items()
        }

    return {
        "draws": len(draws),
        "pairs": sum(comb(len(draw.accuracies[yardstick]), 2) for draw in draws),
        "kinds": {kind: len(set(names)) for kind, names in clusters.items()},
        "scores": {
            name: {
                "concordance": share(*whole[name]),
                "concordance_among_near": share(*near[name]),
                "weighted_tau": _tau(draws, name, yardstick, clusters["superfamilies"]),
                "regret_points": _regret(draws, name, yardstick, clusters["superfamilies"]),
                **{
                    f"{kind}_over_{rival}": share(parts[name][0] - parts[rival][0], parts[name][1])
                    for rival in RIVALS
                    for kind, parts in (("concordance", whole), ("among_near", near))
                },
            }
            for name in JUDGED
        },
    }


def seconds_per_image(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    """Return the processor's seconds of each score with the passes that it needs, by image."""
    images = sum(int(row["images"]) for row in rows)

    def total(name: str) -> float:
        return sum(float(row[f"{name}_seconds"]) for row in rows)

    found = {}
    for name in JUDGED:
        passes = total(PASS) + (total(SKETCH) if name in GRADIENTS else 0.0)
        found[name] = round((total(name) + passes) / max(images, 1), 5)
    return found


def _tau(
    draws: Sequence[Judged], name: str, yardstick: Yardstick, kinds: Sequence[str]
) -> list[float]:
    several = [
        (weighted_tau(np.nan_to_num(draw.scores[name]), draw.accuracies[yardstick]), kind)
        for draw, kind in zip(draws, kinds, strict=True)
        if len(draw.scores[name]) >= _FEWEST_FOR_TAU
    ]
    taus, names = zip(*several, strict=True) if several else ((np.nan,), ("",))
    return _shown(over_tasks(np.array(taus), families=list(names)))


def _regret(
    draws: Sequence[Judged], name: str, yardstick: Yardstick, kinds: Sequence[str]
) -> list[float]:
    """Estimate what the model of the best score lacks to the best, in points of accuracy."""
    lacks = []
    for draw in draws:
        accuracies, scores = draw.accuracies[yardstick], draw.scores[name]
        # Where several score alike any may be taken; where none has a score, any of all.
        known = np.where(np.isfinite(scores), scores, -np.inf)
        lacks.append(100 * float(accuracies.max() - accuracies[known == known.max()].mean()))
    return _shown(over_tasks(np.array(lacks), families=kinds))


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


def _print(document: Mapping[str, Any]) -> None:
    for source, found in document["result"].items():
        for yardstick, judged in found.items():
            print(f"\n{source}, {yardstick}: {judged['draws']} draws, {judged['pairs']} pairs")
            for name, each in judged["scores"].items():
                print(
                    f"  {name:<28} concordance {each['concordance']['superfamilies']}"
                    f"  tau {each['weighted_tau'][0]:5.2f}  regret {each['regret_points'][0]:5.2f}"
                    f"  - ridge error {each[f'concordance_over_{RIDGE_ERROR}']['superfamilies']}"
                    f"  near {each['concordance_among_near']['superfamilies']}"
                    f"  {document['seconds_per_image'][name]} s"
                )


if __name__ == "__main__":
    main()
