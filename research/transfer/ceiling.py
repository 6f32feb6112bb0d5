"""How far a repeat of the whole evidence would agree: ``python -m research.transfer.ceiling``.

The report's noise ceiling is the agreement of two halves, each with half of the draws and of the
test images. Rankers are judged by both together, which are less noisy: what a repeat of that would
say is estimated here, target by target, from how far the halves differ. The same estimate for the
halves themselves stands beside what they really agree by: it tells how far to trust it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from research import RESULTS
from research.transfer.tables import Transfer, read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.backtest.run import weighted_tau
from task2vec.recommendation.evidence.world import Matrix

OUT = RESULTS / "transfer_ceiling.json"
#: Pairs of repeats that are drawn for each target.
_PAIRS = 100


def main() -> None:
    """Write the agreement of halves, as it is and as estimated, and that of whole repeats."""
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "pairs": _PAIRS,
        "weighted_tau": {budget.value: _judge(read_transfer(budget)) for budget in Budget},
    }
    print(json.dumps(document["weighted_tau"], indent=1))
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _judge(transfer: Transfer) -> dict[str, Any]:
    found: dict[str, list[float]] = {"halves": [], "halves_estimated": [], "whole_estimated": []}
    rng = np.random.default_rng(0)
    for target in range(len(transfer.world.tasks)):
        known = np.isfinite(transfer.halves[:, :, target]).all(axis=0)
        first, second = transfer.halves[:, known, target]
        found["halves"].append(weighted_tau(first, second))
        found["halves_estimated"].append(agreement(first, second, parts=1, rng=rng))
        found["whole_estimated"].append(agreement(first, second, parts=2, rng=rng))
    return {name: _shown(np.array(values), transfer.families) for name, values in found.items()}


def agreement(first: Matrix, second: Matrix, *, parts: int, rng: np.random.Generator) -> float:
    """Return the weighted tau of two repeats with as much evidence as ``parts`` of the halves.

    The halves' gains (K,) share no noise. Half the variance of their difference is that of one
    half's noise; what they have in common is of no matter to an order. True gains are taken for the
    mean of both, drawn together until they spread as much less as the noise of that mean accounts
    for. All models have noise of one size: where it is mostly a few models', this is too low.
    """
    noise = float(np.var(first - second, ddof=1)) / 2
    mean = (first + second) / 2
    spread = float(np.var(mean, ddof=1))
    kept = max(0.0, 1 - noise / 2 / spread) if spread > 0 else 0.0
    truth = mean.mean() + kept**0.5 * (mean - mean.mean())
    sd = (noise / parts) ** 0.5
    pairs = truth + sd * rng.normal(size=(_PAIRS, 2, len(truth)))
    return float(np.mean([weighted_tau(*pair) for pair in pairs]))


def _shown(values: Matrix, families: Sequence[str]) -> list[float]:
    estimate = over_tasks(values, families=families)
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


if __name__ == "__main__":
    main()
