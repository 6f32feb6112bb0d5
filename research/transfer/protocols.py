"""Whether linear probes tell what fine-tuning would: ``python -m research.transfer.protocols``.

Judged on the cells of `fine_tuned`: gains over the default by full fine-tuning on one draw, beside
those by linear probes on the same draw and by the mean of all draws, which rankers are judged by.
There is one target of each family, so that an interval over targets is one over families.
"""

import json
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research import RESULTS
from research.transfer.fine_tuned import FineTuned, read_fine_tuned
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks
from task2vec.recommendation.backtest.run import weighted_tau

OUT = RESULTS / "transfer_protocols.json"
#: The fewest models with gains that a target needs to count.
LEAST = 4
Gains = NDArray[np.float64]


def main() -> None:
    """Write and print what there is of either budget."""
    probed = {(c.target, c.budget, c.model): c.accuracy for c in read_cells()}
    by_target: dict[tuple[Budget, str], list[FineTuned]] = defaultdict(list)
    for each in read_fine_tuned():
        by_target[each.budget, each.target].append(each)
    found = {}
    for budget in Budget:
        rows = [_gains(cells, probed) for (of, _), cells in by_target.items() if of is budget]
        enough = [row for row in rows if row is not None and row.shape[1] >= LEAST]
        if enough:
            found[str(budget)] = _judged(enough, by_target, budget)
    text = json.dumps(found, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def _gains(cells: list[FineTuned], probed: dict[tuple[str, Budget, str], float]) -> Gains | None:
    """Return (3, n) gains over the default: tuned, probed on the same draw, on all draws."""
    default = next((cell for cell in cells if cell.model == DEFAULT), None)
    if default is None:
        return None
    key = default.target, default.budget
    return np.array(
        [
            (
                cell.tuned - default.tuned,
                cell.frozen - default.frozen,
                probed[*key, cell.model] - probed[*key, DEFAULT],
            )
            for cell in cells
            if cell is not default
        ]
    ).T


def _judged(
    rows: list[Gains], by_target: dict[tuple[Budget, str], list[FineTuned]], budget: Budget
) -> dict[str, Any]:
    tuned, same, every = (np.concatenate([row[i] for row in rows]) for i in range(3))
    defaults = [
        (cell.tuned - cell.frozen)
        for (of, _), cells in by_target.items()
        if of is budget
        for cell in cells
        if cell.model == DEFAULT
    ]
    taken = np.array([row[0, row[2].argmax()] for row in rows])
    best = np.array([row[0].max() for row in rows])
    taus = np.array([weighted_tau(row[2], row[0]) for row in rows])
    slope = float(every @ tuned / (every @ every))
    return {
        "targets": len(rows),
        "cells": len(tuned),
        "weighted_tau_of_probes_with_fine_tuning": _shown(over_tasks(taus)),
        "correlation_of_gains": {
            "all draws": round(float(np.corrcoef(every, tuned)[0, 1]), 3),
            "the same draw": round(float(np.corrcoef(same, tuned)[0, 1]), 3),
        },
        "fine_tuned_gain_for_a_probed_one": round(slope, 3),
        "spread_of_gains_points": {
            "probed": round(100 * float(every.std()), 1),
            "fine_tuned": round(100 * float(tuned.std()), 1),
        },
        "fine_tuned_gain_of_the_best_probed_points": _shown(over_tasks(100 * taken)),
        "of_that_without_the_two_largest_points": _shown(over_tasks(100 * np.sort(taken)[:-2])),
        "share_of_the_two_largest": round(float(np.sort(taken)[-2:].sum() / taken.sum()), 2),
        "of_the_best_fine_tuned_points": _shown(over_tasks(100 * best)),
        "default_fine_tuned_over_probed_points": _shown(over_tasks(100 * np.array(defaults))),
    }


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
