"""Regret against the size of the zoo, at equal seconds: ``python -m research.large_zoo.regret``.

Everybody has the same seconds of one core, and 5 images a class. With ``--seconds``, ``--sizes``,
and ``--left-out``. An expert that saw the target's task is never offered; with a whole family left
out none that saw a task of the family is, nor are outcomes on these tasks known. Chosen is by the
first draw's training images, judged on that draw's test images. The best model is found by the
second draw and judged by the first, too: the best by the very images that judge would be lucky.
"""

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from benchmarks.machine import describe
from research import RESULTS
from research.development.tasks import choosing_families
from research.large_zoo.costs import Costs, read_costs
from research.large_zoo.draws import SCORED
from research.large_zoo.known import (
    LEFT_OUT,
    SUPERFAMILY,
    TASK,
    Relations,
    Zoo,
    mean_gains,
    read_relations,
    read_zoo,
)
from research.large_zoo.replay import OURS, Asked, choices, zoos
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.world import Mask, Matrix

OUT = RESULTS / "large_zoo_regret.json"
SIZES = (10, 30, 100, 300, 500)
SECONDS = (10.0, 60.0)
#: Zoos of a size, disjoint, as far as there are enough experts.
REPEATS = 4
BEST, LUCKY = "best by the other draw", "best in hindsight"


def main() -> None:
    """Replay, print and write."""
    parser = argparse.ArgumentParser(prog="python -m research.large_zoo.regret")
    parser.add_argument("--seconds", type=float, nargs="*", default=SECONDS)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--left-out", choices=LEFT_OUT, default=TASK)
    asked = parser.parse_args()
    keep_freed_memory()
    zoo, costs = read_zoo(), read_costs()
    relations = read_relations(zoo, SCORED)
    document = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {"result": {}}
    drawn = zoo.superfamilies if asked.left_out == SUPERFAMILY else zoo.families
    for size in asked.sizes:
        if size > len(zoo.sources):
            continue
        by_seconds = replayed(
            zoo,
            relations,
            costs,
            seconds=asked.seconds,
            size=size,
            left_out=asked.left_out,
        )
        for seconds, gains in by_seconds.items():
            key = f"{seconds:g} s, {asked.left_out} left out"
            found = {"experts": len(zoo.sources), **summary(gains, zoo, drawn)}
            document["result"].setdefault(key, {})[str(size)] = found
            _print(key, size, found)
        document |= {"date": datetime.now(UTC).date().isoformat(), "machine": describe()}
        OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def replayed(
    zoo: Zoo,
    relations: Relations,
    costs: Costs,
    *,
    seconds: Sequence[float],
    size: int,
    left_out: str,
    shots: int = SCORED,
) -> dict[float, dict[str, Matrix]]:
    """Return, by seconds, the gains (T,) in points of each rule: means over zoos and orders."""
    gains, variances = mean_gains(zoo, shots)
    group, related = np.array(zoo.groups(left_out)), zoo.related[left_out]
    rows: dict[float, dict[str, list[float]]] = {each: {} for each in seconds}
    for target in range(len(zoo.targets)):
        known = np.flatnonzero(group != group[target])
        first, second = zoo.gains[shots][:, target, 0], zoo.gains[shots][:, target, 1]
        taken: dict[float, dict[str, list[float]]] = {each: {} for each in seconds}
        for number, experts in enumerate(zoos(zoo, size, REPEATS)):
            offered = experts[~related[experts - 1, target]]
            asked = Asked(zoo, relations, costs, gains, variances, shots, target, offered, known)
            everything = asked.offered
            oracles = {
                BEST: [int(everything[np.argmax(second[everything])])],
                LUCKY: [int(everything[np.argmax(first[everything])])],
            }
            for each, by_rule in taken.items():
                rng = np.random.default_rng([target, number])
                for name, models in {**choices(asked, each, rng), **oracles}.items():
                    by_rule.setdefault(name, []).append(float(first[models].mean()))
        for each, by_rule in taken.items():
            for name, values in by_rule.items():
                rows[each].setdefault(name, []).append(100 * float(np.mean(values)))
    return {
        each: {name: np.array(values) for name, values in by_rule.items()}
        for each, by_rule in rows.items()
    }


def summary(gains: dict[str, Matrix], zoo: Zoo, drawn: Sequence[str]) -> dict[str, Any]:
    """Return of each half of the families, and of both, gains and regrets with their intervals.

    Intervals draw the groups ``drawn`` (T,) of targets. Regret is against the best by the other
    draw; ``more_regret_than_ours`` is a rule's less ours.
    """
    choosing = choosing_families(set(zoo.families))
    chosen = np.array([family in choosing for family in zoo.families])
    halves = {"report": ~chosen, "choosing": chosen, "both": np.ones(len(chosen), dtype=bool)}
    found: dict[str, Any] = {}
    for name, rows in halves.items():
        families = np.array(drawn)[rows].tolist()

        def shown(values: Matrix, rows: Mask = rows, families: list[str] = families) -> list[float]:
            estimate = over_tasks(values[rows], families=families)
            return [round(v, 2) for v in (estimate.value, estimate.low, estimate.high)]

        found[name] = {
            rule: {
                "gain": shown(values),
                "regret": shown(gains[BEST] - values),
                "more_regret_than_ours": shown(gains[OURS] - values),
            }
            for rule, values in gains.items()
        }
    return found


def draw_regret(axes: Axes, result: dict[str, Any], *, half: str = "both") -> None:
    """Draw regret against the size of the zoo, of one entry of the results."""
    sizes = sorted(map(int, result))
    for rule in result[str(sizes[0])][half]:
        if rule in (BEST, LUCKY):
            continue
        values = [result[str(size)][half][rule]["regret"][0] for size in sizes]
        style = {"linewidth": 2.5, "color": "#1b5e9b"} if rule == OURS else {"linewidth": 1.2}
        axes.plot(sizes, values, "o-" if rule == OURS else "-", label=rule, **style)
    axes.set_xscale("log")
    axes.set_xticks(sizes, list(map(str, sizes)))
    axes.set_xlabel("experts in the zoo")
    axes.set_ylabel("regret, points")
    axes.legend(fontsize="x-small")


def _print(key: str, size: int, found: dict[str, Any]) -> None:
    print(f"\n{key}: {size} experts", flush=True)
    for rule, values in found["both"].items():
        print(
            f"  {rule:<34} gain {values['gain']}  regret {values['regret']}"
            f"  more than ours {values['more_regret_than_ours']}"
        )


if __name__ == "__main__":
    main()
