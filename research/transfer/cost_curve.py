"""Regret against seconds: ``python -m research.transfer.cost_curve``.

Everybody has the same time. Ours embeds the target and then probes what promises most; who scores
models by forward passes tries them in the order of their mean gain elsewhere, the default first,
and takes the best so far. Replayed from the tables of scores and of `research.transfer.costs`.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from research import RESULTS
from research.scores.names import ScoreName
from research.transfer.cascading import Fits, Ours, Scores, read_scores
from research.transfer.costs import Costs, read_costs
from research.transfer.pictures import OUT
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.evidence.world import Case, Matrix
from task2vec.recommendation.rankers import TRUST, StaticAverage

TABLE = RESULTS / "transfer_cost_curve.json"
SECONDS = (1, 2, 4, 8, 16, 32, 64, 128)
OURS, STATIC = "task2vec", "static_average"
#: More than there are models.
EVERY = 1000

#: (Seconds, model): what would be taken from then on.
Course = list[tuple[float, int]]


def main() -> None:
    """Replay, print and draw."""
    found = {budget: _curves(budget) for budget in Budget}
    shown = {
        budget: {
            name: list(_shown(values, read_transfer(budget).families))
            for name, values in found[budget].items()
        }
        for budget in Budget
    }
    TABLE.write_text(
        json.dumps({"seconds": SECONDS, "regret_points": shown}, indent=1) + "\n", encoding="utf-8"
    )
    for budget, curves in shown.items():
        for name, values in curves.items():
            print(budget, name, [value for value, _, _ in values])
    _draw(shown)


def _curves(budget: Budget) -> dict[str, Matrix]:
    """Return (S, T) regrets in points by name, the mean over draws."""
    draws = [_draw_curves(budget, draw) for draw in range(budget.shown)]
    return {name: np.mean([found[name] for found in draws], axis=0) for name in draws[0]}


def _draw_curves(budget: Budget, draw: int) -> dict[str, Matrix]:
    transfer, costs = read_transfer(budget, distance="plain", draw=draw), read_costs()
    scores, fits = read_scores(transfer.world, budget, draw=draw), Fits()
    rows: dict[str, list[list[float]]] = {}
    for case in cases(transfer.world, Folds.TASK, transfer.families):
        gains = transfer.world.gains[:, case.target].copy()
        gains[case.world.default] = 0.0
        best = float(np.max(gains[case.offered]))
        for name, course in courses(case, budget, scores, costs, fits).items():
            taken = [taken_at(course, seconds, default=case.world.default) for seconds in SECONDS]
            rows.setdefault(name, []).append([100 * (best - float(gains[i])) for i in taken])
    return {name: np.array(found).T for name, found in rows.items()}


def courses(
    case: Case, budget: Budget, scores: Scores, costs: Costs, fits: Fits
) -> dict[str, Course]:
    """Return by name what is taken from when on, about one target."""
    needed = costs.targets[budget][case.world.tasks[case.target]]
    average = StaticAverage().rank(case)
    found: dict[str, Course] = {STATIC: [(0.0, average.choice)]}
    order = [int(i) for i in case.offered[np.argsort(-average.scores, kind="stable")]]
    order.sort(key=lambda model: model != case.world.default)
    for name in ScoreName:
        table = scores.of(name)[:, case.target]
        found[name] = list(_scored(order, table, case, needed, costs, name=name))
    ours = Ours(OURS, fits, scores, passes=EVERY, trust=TRUST)
    spent, course = needed["embed"], []
    for probed, ranking in ours.steps(case):
        if probed is None:
            course.append((spent, ranking.choice))
            # The first probe needs the default's for comparison.
            spent += _probe(case.world.default, case, needed, costs)
        else:
            spent += _probe(probed, case, needed, costs)
            course.append((spent, ranking.choice))
    return {**found, OURS: course}


def taken_at(course: Course, seconds: float, *, default: int) -> int:
    """Return what is taken after some seconds: the default before there is an answer."""
    return next((model for at, model in reversed(course) if at <= seconds), default)


def _scored(
    order: list[int],
    table: Matrix,
    case: Case,
    needed: dict[str, float],
    costs: Costs,
    *,
    name: str,
) -> Iterator[tuple[float, int]]:
    spent, best = 0.0, order[0]
    for model in order:
        spent += costs.passed(case.world.models[model], images=int(needed["images"])) + needed[name]
        best = model if table[model] > table[best] else best
        yield spent, best


def _probe(model: int, case: Case, needed: dict[str, float], costs: Costs) -> float:
    scores = needed[ScoreName.LINEAR_PROBE] + needed[ScoreName.RIDGE]
    return costs.passed(case.world.models[model], images=int(needed["images"])) + scores


def _shown(regrets: Matrix, families: Sequence[str]) -> Iterator[list[float]]:
    for of_targets in regrets:
        found = over_tasks(of_targets, families=families)
        yield [round(value, 2) for value in (found.value, found.low, found.high)]


def _draw(shown: dict[Any, dict[str, list[list[float]]]]) -> None:
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, (budget, curves) in zip(figure.subplots(1, 2), shown.items(), strict=True):
        for name, values in curves.items():
            ours = name == OURS
            axes.plot(
                SECONDS,
                [value for value, _, _ in values],
                "o-" if ours else "-",
                linewidth=2.5 if ours else 1.2,
                label=name.replace("_", " "),
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(SECONDS, list(map(str, SECONDS)))
        axes.set_xlabel("seconds of one core")
        axes.set_ylabel("regret, points")
        axes.set_title("5 images a class" if budget == Budget.FEW else "two thirds of the images")
    axes.legend(fontsize="x-small")
    figure.savefig(OUT / "cost.png", dpi=130)


if __name__ == "__main__":
    main()
