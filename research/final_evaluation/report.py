"""Judges what is in the tables: ``python -m research.final_evaluation.report [--development]``.

Every figure has two 95 % intervals: one draws families, the other superfamilies and then their
families. Both draw targets whole. Accuracies and gains are in points.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import describe
from research.final_evaluation.goals import goals_of
from research.final_evaluation.plan import Rule, Setting, scope_of, shots_of, shots_text
from research.final_evaluation.promises import (
    Kept,
    accuracy_after,
    of_accuracies,
    of_gains,
)
from research.final_evaluation.results import Key, Results, crossed_gain, read_results
from research.final_evaluation.tables import DEVELOPMENT, FOLDER, FRESH
from research.recipes.steps import steps_to, whole_steps
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.backtest.bootstrap import (
    Statistic,
    over_tasks,
    ratio_of_sums,
    weighted_mean,
)
from task2vec.recommendation.evidence.world import Matrix
from task2vec.types.tuning import Recipe

#: A value and the ends of its intervals; None for what cannot be summary.
Shown = dict[str, float | list[float | None] | None]
OURS = tuple(rule for rule in Rule if rule.ours)


def main() -> None:
    """Judge, write and print."""
    parser = argparse.ArgumentParser(prog="python -m research.final_evaluation.report")
    parser.add_argument("--development", action="store_true", help="trials, not the fresh tasks")
    parser.add_argument("--tables", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    kind = DEVELOPMENT if arguments.development else FRESH
    report = judged(read_results(kind, arguments.tables))
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "goals": goals_of(report),
        **report,
    }
    text = json.dumps(document, indent=1)
    (arguments.tables / kind / "report.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def judged(results: Results) -> dict[str, Any]:
    """Return all figures, by images of a class and setting."""
    found: dict[str, Any] = {"targets": {}, "processor_seconds": seconds_of(results)}
    for shots in results.shots:
        keys, name = results.of(shots), shots_text(shots)
        found["targets"][name] = len(keys)
        found[name] = {
            setting.value: _setting(results, keys, setting, rules)
            for setting, rules in scope_of(shots).items()
        }
        found[name]["promises"] = {rule.value: promises_of(results, keys, rule) for rule in OURS}
        if shots is None:
            found[name]["against the default's standard recipe"] = {
                setting.value: standard_of(results, keys, setting) for setting in scope_of(shots)
            }
    return found


def _setting(
    results: Results, every: Sequence[Key], setting: Setting, rules: Sequence[Rule]
) -> dict[str, Any]:
    keys = [key for key in every if (key, setting.value, Rule.TIMED.value) in results.taken]
    if not keys:
        return {"targets": 0}
    gains = {rule: gains_of(results, keys, setting, rule) for rule in rules}
    names = [Rule.TIMED.value, *(rule.value for rule in rules if rule is not Rule.TIMED)]
    crossed = np.array([crossed_gain(results, key, setting.value, names) for key in keys])
    best, oracle = best_policy(crossed, gains)
    summary: dict[str, Any] = {"targets": len(keys), "oracle": best}
    summary["oracle's gain"] = shown(results, keys, 100 * oracle)
    for rule in rules:
        summary[rule.value] = {
            "gain": shown(results, keys, 100 * gains[rule]),
            "share of the oracle's gain": shown(
                results, keys, gains[rule], oracle, statistic=ratio_of_sums
            ),
            "default taken": round(
                float(np.mean([_is_default(results, k, setting, rule) for k in keys])), 2
            ),
        }
        if rule is not Rule.TIMED:
            off = gains[Rule.TIMED] - gains[rule]
            summary[rule.value]["gain of 60 s over it"] = shown(results, keys, 100 * off)
    return summary


def gains_of(results: Results, keys: Sequence[Key], setting: Setting, rule: Rule) -> Matrix:
    """Return the gains (n,) of what a rule took over the default by the same recipe."""
    found = []
    for key in keys:
        row = results.taken[key, setting.value, rule.value]
        gain = results.gain(key, row.model, Recipe(row.recipe))
        assert gain is not None, "what the rules in scope took is trained"
        found.append(gain.gain)
    return np.array(found)


def best_policy(crossed: Matrix, gains: Mapping[Rule, Matrix]) -> tuple[str, Matrix]:
    """Return the name and the gains (n,) of the best that one could have done on all targets.

    That is the crossed oracle, unless a rule gained more on average: an oracle may follow any rule.
    So no rule has a share above 1.
    """
    policies = {"crossed": crossed, **{rule.value: each for rule, each in gains.items()}}
    best = max(policies, key=lambda name: float(policies[name].mean()))
    return best, policies[best]


def promises_of(results: Results, keys: Sequence[Key], rule: Rule) -> dict[str, Any]:
    """Return what a mode's promises were worth, of what it took and of all that was trained."""
    wanted = set(keys)
    rows = [row for row in results.promised if row.key in wanted and row.rule == rule.value]
    # Where a mode's models are not trained, some are by chance: those that others took, too.
    scope = {
        setting.value
        for key in keys
        for setting, rules in scope_of(shots_of(key[1])).items()
        if rule in rules
    }
    found: dict[str, Any] = {}
    for name, some in (
        ("taken", [row for row in rows if row.taken and row.setting in scope]),
        ("all trained", rows),
    ):
        found[name] = {
            "accuracy": kept_of(results, of_accuracies(results, some)),
            "gain": kept_of(results, of_gains(results, some)),
        }
    return found


def kept_of(results: Results, kept: Sequence[Kept]) -> dict[str, Any]:
    """Return coverage and promised minus got: means over targets of means over their promises."""
    by_target: dict[Key, list[Kept]] = {}
    for each in kept:
        by_target.setdefault(each.row.key, []).append(each)
    if not by_target:
        return {"promises": 0}
    keys = [*by_target]

    def mean(value: Matrix) -> Shown:
        return shown(results, keys, value)

    return {
        "promises": len(kept),
        "targets": len(keys),
        "covered": mean(np.array([np.mean([k.held for k in by_target[key]]) for key in keys])),
        "covered without the noise of the test": mean(
            np.array([np.mean([k.held_alone for k in by_target[key]]) for key in keys])
        ),
        "promised minus got": mean(
            np.array([100 * np.mean([k.promised - k.got for k in by_target[key]]) for key in keys])
        ),
    }


def standard_of(results: Results, keys: Sequence[Key], setting: Setting) -> dict[str, Any]:
    """Return how the 60 s answer does against the default by its standard recipe.

    ``at the same seconds`` compares with what the standard training had when the answer's training
    was done, measuring and embedding not counted. Steps are those until the standard's final
    accuracy, as a share of its whole steps; a training that never has it counts as infinitely many,
    which a median can bear.
    """
    rule = Rule.TIMED.value
    keys = [key for key in keys if (key, setting.value, rule) in results.taken]
    rows = [(key, results.got(key, setting.value, rule), results.standard(key)) for key in keys]
    pairs = [(key, own, plain) for key, own, plain in rows if own is not None]
    if not pairs:
        return {"targets": 0}
    whole = [own.accuracy - plain.accuracy for _, own, plain in pairs]
    cut = [own.accuracy - accuracy_after(plain, own.seconds) for _, own, plain in pairs]
    shares = [
        steps_to(own, plain.accuracy) / whole_steps(plain) if whole_steps(own) else nan
        for _, own, plain in pairs
    ]
    trained = [share for share in shares if not np.isnan(share)]
    used = [key for key, _, _ in pairs]
    return {
        "targets": len(pairs),
        "accuracy minus the whole standard's": shown(results, used, 100 * np.array(whole)),
        "accuracy minus the standard's at the same seconds": shown(
            results, used, 100 * np.array(cut)
        ),
        "steps to the standard's accuracy, median share": _finite(np.median(trained or [nan])),
        "never reached": _share(share == inf for share in trained),
        "default taken": _share(own.model == DEFAULT for _, own, _ in pairs),
    }


def seconds_of(results: Results) -> dict[str, Any]:
    """Return processor seconds of a target, means by part and images of a class."""
    parts = ("embedding", "judging", "passes", "tunings", "trainings")
    found = {}
    for shots in sorted({key[1] for key in results.finished}):
        rows = [row for key, row in results.finished.items() if key[1] == shots]
        found[shots] = {
            part: round(float(np.mean([getattr(row, part) for row in rows])), 1) for part in parts
        }
    return found


def shown(
    results: Results, keys: Sequence[Key], *values: Matrix, statistic: Statistic = weighted_mean
) -> Shown:
    """Return the value with its two intervals: over families, and over superfamilies, too."""
    families, kinds = results.families(keys), results.superfamilies(keys)
    of_families = over_tasks(*values, families=families, statistic=statistic)
    of_kinds = over_tasks(*values, families=families, superfamilies=kinds, statistic=statistic)
    return {
        "value": _finite(of_families.value),
        "families": [_finite(end) for end in of_families.ends],
        "superfamilies": [_finite(end) for end in of_kinds.ends],
    }


def _share(of: Iterable[bool]) -> float | None:
    values = [*of]
    return round(sum(values) / len(values), 2) if values else None


def _is_default(results: Results, key: Key, setting: Setting, rule: Rule) -> bool:
    return results.taken[key, setting.value, rule.value].model == DEFAULT


def _finite(value: float) -> float | None:
    return round(float(value), 3) if isfinite(value) else None


if __name__ == "__main__":
    main()
