"""The tables of the benchmark of fine-tuning, in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]
Cell = tuple[int, str]
PROBE = "linear probe"


def show(rows: Sequence[Row]) -> None:
    """Print what each recipe gained over the linear probe, and what each rule would have chosen."""
    for budget in ("few", "all"):
        _recipes([row for row in rows if row["budget"] == budget], budget)
    _rules([row for row in rows if row["budget"] == "few"])


def _recipes(rows: Sequence[Row], budget: str) -> None:
    by_recipe = _cells(rows)
    probes = by_recipe.get(PROBE, {})
    print(f"\n| {budget} images: recipe | cells | accuracy | against the linear probe, points |")
    print("|---|---|---|---|")
    for recipe, cells in by_recipe.items():
        if recipe.startswith("folds"):
            continue
        shared = sorted(set(cells) & set(probes))
        gains = {c: 100 * (cells[c]["accuracy"] - probes[c]["accuracy"]) for c in shared}
        mean = np.mean([cells[cell]["accuracy"] for cell in shared])
        print(f"| {recipe} | {len(shared)} | {100 * mean:.1f} % | {_interval(gains)} |")


def _rules(rows: Sequence[Row]) -> None:
    """Print the accuracy on the test images of what each rule chooses by the folds."""
    by_recipe = _cells(rows)
    rules: dict[str, Callable[[Row], bool]] = {
        "always the linear probe": lambda _: False,
        "always fine-tuning": lambda _: True,
        "by accuracy": lambda f: f["fine_tuning"]["accuracy"] > f["linear_probe"]["accuracy"],
        "by loss": lambda f: f["fine_tuning"]["loss"] < f["linear_probe"]["loss"],
        "by calibrated loss": lambda f: (
            f["fine_tuning"]["tempered_loss"] < f["linear_probe"]["tempered_loss"]
        ),
    }
    for recipe, tuned in by_recipe.items():
        folds = by_recipe.get(f"folds, {recipe}", {})
        shared = sorted(set(folds) & set(tuned) & set(by_recipe.get(PROBE, {})))
        if not shared:
            continue
        print(f"\n| rule, {recipe} | cells | fine-tuned | accuracy | regret, points |")
        print("|---|---|---|---|---|")
        for name, rule in rules.items():
            taken = [rule(folds[cell]) for cell in shared]
            pairs = [
                (by_recipe[PROBE][cell]["accuracy"], tuned[cell]["accuracy"]) for cell in shared
            ]
            chosen = [pair[take] for pair, take in zip(pairs, taken, strict=True)]
            regret = 100 * np.mean([max(p) - c for p, c in zip(pairs, chosen, strict=True)])
            print(
                f"| {name} | {len(shared)} | {sum(taken)} | {100 * np.mean(chosen):.1f} % "
                f"| {regret:.1f} |"
            )


def _cells(rows: Sequence[Row]) -> dict[str, dict[Cell, Row]]:
    found: dict[str, dict[Cell, Row]] = {}
    for row in rows:
        found.setdefault(row["recipe"], {})[row["seed"], row["task"]] = row
    return found


def _interval(gains: Mapping[Cell, float]) -> str:
    """Return the mean over tasks with its 95 % bootstrap interval, tasks being exchangeable."""
    tasks: dict[str, list[float]] = {}
    for (_, task), gain in gains.items():
        tasks.setdefault(task, []).append(gain)
    means = np.array([np.mean(found) for found in tasks.values()])
    draws = np.random.default_rng(0).integers(0, len(means), (10_000, len(means)))
    low, high = np.quantile(means[draws].mean(axis=1), [0.025, 0.975])
    return f"{means.mean():+.1f} [{low:+.1f}, {high:+.1f}]"
