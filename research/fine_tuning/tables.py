"""The tables of the benchmark of fine-tuning, in Markdown."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.examples import families
from research.development.tasks import SUPERFAMILIES
from research.fine_tuning.recipes import BASE, PROBE, RATES, How
from task2vec.finetuning.result import DECISIVE
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain

Row = Mapping[str, Any]
Cell = tuple[int, str]
Cells = Mapping[str, Mapping[Cell, Row]]
#: Chooses among the linear probe and some rates on a cell; None where not all is measured.
Way = Callable[[Cells, Sequence[str], Cell], str | None]

USUAL = RATES[0]
#: Beside the linear probe, which is always tried.
TRIED = ((USUAL,), RATES[1:2], RATES[:2], RATES)


def show(rows: Sequence[Row]) -> None:
    """Print what each recipe gives, what each rule would choose, and what trying rates brings."""
    few, some, every = (_cells(rows, budget) for budget in ("few", "some", "all"))
    for cells, budget in ((few, "few"), (some, "some"), (every, "all")):
        _recipes(cells, budget)
    _rules(few, "5 images per class")
    _rules(some, "15 images per class")
    _rates(few, "few images", {"the folds": _by_folds})
    _rates(every, "all images", {"whole runs": _by_whole_runs, "short runs": _by_short_runs})


def _recipes(cells: Cells, budget: str) -> None:
    against = f"against the linear probe, points | against {BASE}"
    print(f"\n| {budget} images: recipe | tasks | accuracy | {against} | seconds a run |")
    print("|---|---|---|---|---|---|")
    for recipe, found in cells.items():
        if recipe.startswith((How.FOLDS, How.SHORT)):
            continue
        shared = sorted(set(found) & set(cells.get(PROBE, {})))
        mean = np.mean([_accuracy(found[cell]) for cell in shared]) if shared else np.nan
        gains = [_interval(_gains(found, cells.get(other, {}))) for other in (PROBE, BASE)]
        seconds = np.mean([row["processor_seconds"] for row in found.values()])
        tasks = len({task for _, task in shared})
        told = [recipe, str(tasks), f"{100 * mean:.1f} %", *gains, f"{seconds:.0f}"]
        print(f"| {' | '.join(told)} |")


def _prefers(folds: Row, decisive: float) -> bool:
    """Whether fine-tuning is taken: by accuracy from ``decisive`` standard errors on, else loss."""
    right = [
        np.array(list(folds[recipe]["correct"]), dtype=np.int64).astype(bool)
        for recipe in ("fine_tuning", "linear_probe")
    ]
    pair = paired_gain(ProbeAccuracy(right[0]), ProbeAccuracy(right[1]))
    if abs(pair.gain) >= decisive * np.sqrt(pair.variance):
        return pair.gain > 0
    return bool(folds["fine_tuning"]["tempered_loss"] < folds["linear_probe"]["tempered_loss"])


def _rules(cells: Cells, what: str) -> None:
    """Print the accuracy on the test images of what each rule chooses by the folds."""
    rules: dict[str, Callable[[Row], bool]] = {
        "always the linear probe": lambda _: False,
        "always fine-tuning": lambda _: True,
        "by accuracy": lambda f: f["fine_tuning"]["accuracy"] > f["linear_probe"]["accuracy"],
        "by loss": lambda f: f["fine_tuning"]["loss"] < f["linear_probe"]["loss"],
        "by calibrated loss": lambda f: (
            f["fine_tuning"]["tempered_loss"] < f["linear_probe"]["tempered_loss"]
        ),
        "by accuracy beyond 1 standard error, else loss": lambda f: _prefers(f, 1.0),
        "... 1.28 (as in `finetune`)": lambda f: _prefers(f, DECISIVE),
        "... 1.64": lambda f: _prefers(f, 1.64),
    }
    for recipe in RATES:
        tuned, folds = cells.get(recipe, {}), cells.get(f"{How.FOLDS}{recipe}", {})
        shared = sorted(set(folds) & set(tuned) & set(cells.get(PROBE, {})))
        if not shared:
            continue
        print(f"\n| {what}: rule, {recipe} | cells | fine-tuned | accuracy | regret, points |")
        print("|---|---|---|---|---|")
        for name, rule in rules.items():
            taken = [rule(folds[cell]) for cell in shared]
            pairs = [(_accuracy(cells[PROBE][c]), _accuracy(tuned[c])) for c in shared]
            chosen = [pair[take] for pair, take in zip(pairs, taken, strict=True)]
            regret = 100 * np.mean([max(p) - c for p, c in zip(pairs, chosen, strict=True)])
            print(
                f"| {name} | {len(shared)} | {sum(taken)} | {100 * np.mean(chosen):.1f} % "
                f"| {regret:.1f} |"
            )


def _rates(cells: Cells, what: str, ways: Mapping[str, Way]) -> None:
    """Print what the linear probe and some rates give, the better being chosen in some way."""
    print(f"\n| {what}: rates tried | by | seed | tasks | accuracy | against {USUAL}, points |")
    print("|---|---|---|---|---|---|")
    for name, way in ways.items():
        for seed in sorted({seed for seed, _ in cells.get(PROBE, {})}):
            for tried in TRIED:
                taken, gains = [], {}
                for cell in (each for each in cells[PROBE] if each[0] == seed):
                    chosen, usual = (way(cells, rates, cell) for rates in (tried, (USUAL,)))
                    if chosen is not None and usual is not None:
                        taken.append(_accuracy(cells[chosen][cell]))
                        gains[cell] = 100 * (taken[-1] - _accuracy(cells[usual][cell]))
                if taken:
                    rates = ", ".join(rate.removeprefix("rate ") for rate in tried)
                    mean = f"{100 * np.mean(taken):.1f} %"
                    told = [rates, name, str(seed), str(len(taken)), mean, _interval(gains)]
                    print(f"| {' | '.join(told)} |")


def _by_folds(cells: Cells, rates: Sequence[str], cell: Cell) -> str | None:
    """Return what has the least loss in cross-validation."""
    rows = {rate: cells.get(f"{How.FOLDS}{rate}", {}).get(cell) for rate in rates}
    losses = {
        rate: np.nan if row is None else float(row["fine_tuning"]["tempered_loss"])
        for rate, row in rows.items()
    }
    first = rows[rates[0]]
    losses[PROBE] = np.nan if first is None else float(first["linear_probe"]["tempered_loss"])
    return _least(cells, losses, cell)


def _by_whole_runs(cells: Cells, rates: Sequence[str], cell: Cell) -> str | None:
    """Return what has the least validation loss in its best epoch."""
    names = (PROBE, *rates)
    return _least(cells, {n: _validated(cells.get(n, {}).get(cell)) for n in names}, cell)


def _by_short_runs(cells: Cells, rates: Sequence[str], cell: Cell) -> str | None:
    """Let short runs choose the rate, and its whole one whether it is better than none."""
    short = {rate: _validated(cells.get(f"{How.SHORT}{rate}", {}).get(cell)) for rate in rates}
    rate = _least(cells, short, cell)
    return None if rate is None else _by_whole_runs(cells, (rate,), cell)


def _least(cells: Cells, losses: Mapping[str, float], cell: Cell) -> str | None:
    if np.isnan(list(losses.values())).any() or any(cell not in cells.get(n, {}) for n in losses):
        return None
    return min(losses, key=lambda name: losses[name])


def _validated(row: Row | None) -> float:
    """Return the least calibrated loss of all epochs on the validation images."""
    if row is None:
        return np.nan
    trace = row.get("trace") or [row]
    return min(float(epoch.get("validation_tempered_loss", np.nan)) for epoch in trace)


def _accuracy(row: Row) -> float:
    """Return the accuracy on the test images, of the epoch that is kept."""
    return float(row.get("kept", row)["accuracy"])


def _gains(found: Mapping[Cell, Row], other: Mapping[Cell, Row]) -> dict[Cell, float]:
    shared = sorted(set(found) & set(other))
    return {cell: 100 * (_accuracy(found[cell]) - _accuracy(other[cell])) for cell in shared}


def _cells(rows: Sequence[Row], budget: str) -> dict[str, dict[Cell, Row]]:
    found: dict[str, dict[Cell, Row]] = {}
    for row in rows:
        if row["budget"] == budget:
            found.setdefault(row["recipe"], {})[row["seed"], row["task"]] = row
    return found


def _interval(gains: Mapping[Cell, float]) -> str:
    """Return the mean over tasks with its 95 % bootstrap interval over their kinds."""
    tasks: dict[str, list[float]] = {}
    for (_, task), gain in gains.items():
        tasks.setdefault(task, []).append(gain)
    if len(tasks) < 2:
        return "-"
    known = families()
    found = over_tasks(
        np.array([np.mean(each) for each in tasks.values()]),
        families=[SUPERFAMILIES[known[task]] for task in tasks],
    )
    return f"{found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"
