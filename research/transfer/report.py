"""Judges the rankers on the transfer tables: ``python -m research.transfer.report [--tune]``.

The threshold at which the default is left was chosen on the targets of one half of the families
(``--tune`` shows that half alone, for several values); the report is of the other half, and of
both. Parts of the gain model were chosen with both halves in sight (docs/adr/0031 and 0033).
Intervals draw families.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import SUPERFAMILIES, choosing_families
from research.scores.names import ScoreName
from research.transfer.cascading import Fits, Ours, Scores, read_scores
from research.transfer.draws import Means, mean_over_draws
from research.transfer.rankers import NearestInformation, Scored
from research.transfer.tables import Transfer, read_information, read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks, ratio_of_sums
from task2vec.recommendation.backtest.folds import Folds
from task2vec.recommendation.backtest.run import Trials, backtest
from task2vec.recommendation.evidence.world import Mask
from task2vec.recommendation.rankers import (
    LEVELS,
    TRUST,
    AlwaysDefault,
    NearestOnly,
    NearOutcomes,
    Ranker,
    StaticAverage,
)

OUT = RESULTS / "transfer_report.json"
DISTANCE = "plain"
TRUSTS = (0.0, 0.2, 0.3, 0.4, 0.6, 0.8)
#: Linear probes that a cascade may make; the last is more than there are models.
PASSES = (1, 2, 4, 8, 16, 100)
#: Scores of models by forward passes of the target's images.
FORWARD = (*map(str, ScoreName), "ridge_error")


class LeftOut(StrEnum):
    """What is unknown with a target: it alone, its family, or all families of the same kind."""

    TASK = "task"
    FAMILY = "family"
    SUPERFAMILY = "superfamily"

    @property
    def folds(self) -> Folds:
        """How the cases are made."""
        return Folds.TASK if self is LeftOut.TASK else Folds.FAMILY

    def families(self, transfer: Transfer) -> Sequence[str]:
        """Return the family of each task that is left out with it."""
        if self is LeftOut.SUPERFAMILY:
            return [SUPERFAMILIES[family] for family in transfer.families]
        return transfer.families


@dataclass(frozen=True)
class Half:
    """Some of the targets, and the ``families`` of all of them, which intervals draw."""

    name: str
    targets: list[int]
    families: tuple[str, ...]


def main() -> None:
    """Print and write the report, or what the choices on the first half rest on."""
    if "--tune" in sys.argv:
        for budget in Budget:
            _tune(budget)
        return
    merged: dict[str, Any] = {str(budget): {} for budget in Budget}
    for budget in Budget:
        for left in LeftOut:
            merged[budget][left] = _judge(budget, left)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "trust": TRUST,
        "result": merged,
    }
    OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def imageless(tasks: Sequence[str]) -> list[Ranker]:
    """Return those compared that see no image of the target."""
    return [
        AlwaysDefault(),
        StaticAverage(),
        NearestOnly(),
        NearestOnly(asymmetric=True),
        NearestInformation(*read_information(tasks)),
        NearOutcomes(),
    ]


def seeing(fits: Fits, scores: Scores) -> list[Ranker]:
    """Return those that see images of the target, on one draw of them."""
    forward: list[Ranker] = [Scored(name, scores.of(name)) for name in FORWARD]
    ours: list[Ranker] = [Ours("task2vec", fits, passes=0, trust=TRUST)]
    ours += [
        Ours(f"task2vec, {n if n < 100 else 'all'} probes", fits, scores, passes=n, trust=TRUST)
        for n in PASSES
    ]
    return [*forward, *ours]


def _judge(budget: Budget, left: LeftOut) -> dict[str, Any]:
    transfer = read_transfer(budget, distance=DISTANCE)
    blind = backtest(
        transfer.world,
        imageless(transfer.world.tasks),
        folds=left.folds,
        families=left.families(transfer),
        halves=transfer.halves,
    )
    means = [*mean_over_draws(blind), *_over_draws(budget, left, seeing)]
    result = {}
    for half in _halves(transfer):
        result[half.name] = _summary(means, half)
        print(f"\n{budget}, left out: the {left}; {half.name}, {len(half.targets)} targets")
        _print(result[half.name])
    return result


def _over_draws(
    budget: Budget,
    left: LeftOut,
    asked: Callable[[Fits, Scores], list[Ranker]],
    *,
    half: str = "both",
) -> list[Means]:
    """Ask rankers about the targets of a half on each draw, and return their means."""
    found: list[Trials] = []
    for draw in range(budget.shown):
        transfer = read_transfer(budget, distance=DISTANCE, draw=draw)
        (targets,) = (each.targets for each in _halves(transfer) if each.name == half)
        found += backtest(
            transfer.world,
            asked(Fits(), read_scores(transfer.world, budget, draw=draw)),
            folds=left.folds,
            families=left.families(transfer),
            halves=transfer.halves,
            only=targets,
        )
    return mean_over_draws(found)


def _halves(transfer: Transfer) -> list[Half]:
    choosing = choosing_families(set(transfer.families))
    first = [i for i, family in enumerate(transfer.families) if family in choosing]
    second = [i for i, family in enumerate(transfer.families) if family not in choosing]
    return [
        Half("report", second, transfer.families),
        Half("choosing", first, transfer.families),
        Half("both", sorted(first + second), transfer.families),
    ]


def _summary(found: Sequence[Means], half: Half) -> dict[str, Any]:
    rows = np.isin(found[0].tasks, half.targets)
    families = [half.families[task] for task in found[0].tasks[rows]]
    estimate = partial(over_tasks, families=families)
    ours = next(trials for trials in found if trials.ranker == "task2vec")
    oracle = found[0].oracle[rows]
    judged = [trials for trials in found if trials.ranker.startswith("task2vec")]
    named = {*FORWARD, *(trials.ranker for trials in judged)}
    baselines = [trials for trials in found if trials.ranker not in named]
    return {
        "targets": int(rows.sum()),
        "oracle_gain_points": _shown(estimate(100 * oracle)),
        "noise_ceiling": _shown(estimate(found[0].ceiling[rows])),
        "rankers": {trials.ranker: _of(trials, ours, rows, estimate) for trials in found},
        "abstention": {each.ranker: abstention(each, baselines, rows, families) for each in judged},
    }


def _of(
    trials: Means, ours: Means, rows: Mask, estimate: Callable[..., Estimate]
) -> dict[str, Any]:
    gain, oracle = trials.gain[rows], trials.oracle[rows]
    result: dict[str, Any] = {
        "weighted_tau": _shown(estimate(trials.tau[rows])),
        "gain_points": _shown(estimate(100 * gain)),
        "headroom_captured": _shown(estimate(gain, oracle, statistic=ratio_of_sums)),
        "regret_at_1_points": round(100 * float(trials.regret_at_1[rows].mean()), 2),
        "regret_at_3_points": round(100 * float(trials.regret_at_3[rows].mean()), 2),
        "top_1": round(float(trials.top_1[rows].mean()), 2),
        "default_taken": round(float(trials.abstained[rows].mean()), 2),
        "gain_of_task2vec_over_it": _shown(estimate(100 * (ours.gain[rows] - gain))),
        "tau_of_task2vec_over_it": _shown(estimate(ours.tau[rows] - trials.tau[rows])),
    }
    if np.isfinite(trials.covered).any():
        result["got_minus_expected_points"] = _shown(estimate(100 * (gain - trials.expected[rows])))
        result["coverage"] = {
            f"{level:g}": _shown(estimate(covered[rows]))
            for level, covered in zip(LEVELS, trials.covered, strict=True)
        }
    return result


def abstention(
    ours: Means, baselines: Sequence[Means], rows: Mask, families: Sequence[str]
) -> dict[str, Any] | None:
    """Return what silence cost against the best rule of `baselines`, and what was gained otherwise.

    Targets count by the share of draws on which the default was taken, and on which it was not. The
    best rule is known afterwards only, which favours it.
    """
    silent = ours.abstained[rows]
    if not silent.any() or silent.all():
        return None
    gains = {each.ranker: 100 * each.gain[rows] for each in baselines}
    best = max(gains, key=lambda name: float(silent @ gains[name]))
    return {
        "loss_points": _shown(
            over_tasks(silent * gains[best], silent, families=families, statistic=ratio_of_sums)
        ),
        "best_baseline": best,
        "gain_otherwise_points": _shown(
            over_tasks(
                100 * ours.gain[rows], 1 - silent, families=families, statistic=ratio_of_sums
            )
        ),
    }


def _shown(estimate: Estimate) -> list[float]:
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


def _print(summary: dict[str, Any]) -> None:
    print(f"  oracle {summary['oracle_gain_points']} ceiling {summary['noise_ceiling']}")
    for name, found in summary["rankers"].items():
        print(
            f"  {name:<24} tau {found['weighted_tau'][0]:5.2f}  gain {found['gain_points']}"
            f"  headroom {found['headroom_captured'][0]:5.2f}  regret "
            f"{found['regret_at_1_points']:5.2f} {found['regret_at_3_points']:5.2f}"
            f"  default {found['default_taken']:.2f}"
            + (f"  coverage {found['coverage']}" if name == "task2vec" else ""),
            flush=True,
        )


def _tune(budget: Budget) -> None:
    def asked(fits: Fits, scores: Scores) -> list[Ranker]:
        return [
            Ours(f"{trust:g} {passes}", fits, scores, passes=passes, trust=trust)
            for trust in TRUSTS
            for passes in (0, 8, 100)
        ]

    transfer = read_transfer(budget)
    for left in LeftOut:
        for means in _over_draws(budget, left, asked, half="choosing"):
            families = [transfer.families[task] for task in means.tasks]
            gain = over_tasks(100 * means.gain, families=families)
            print(f"{budget} {left} trust, probes {means.ranker}: gain {_shown(gain)}", flush=True)


if __name__ == "__main__":
    main()
