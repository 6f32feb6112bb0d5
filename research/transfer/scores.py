"""Forward-pass scores of every model on every target: ``python -m research.transfer.scores``.

They see what somebody has who asks: the images to learn from of a draw, and no test image. What
the table has already is not scored again.
"""

import csv
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from research import RESULTS
from research.development.tasks import development_tasks
from research.scores.score import ACCURACY_SCORES, SCORES, ScoreName
from research.scores.seen import Seen
from research.transfer.features import features_of, source_logits
from research.transfer.outcomes import read_cells
from research.transfer.targets import Budget, Draw, Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting, expert, plain_model
from task2vec.errors import SettingError
from task2vec.recommendation.measure.linear_probe import leave_one_out
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain

TABLE = RESULTS / "transfer_scores.csv"
PAIRED = (ScoreName.RIDGE, ScoreName.LINEAR_PROBE)
COLUMNS = (
    *("target", "budget", "draw", "model"),
    *SCORES,
    "ridge_error",
    *(f"{name}_{part}" for name in PAIRED for part in ("gain", "variance")),
    "seconds",
)


@dataclass(frozen=True, eq=False)
class _Scored:
    """One model on one draw: scores by name, and which images were right when left out."""

    scores: dict[str, float]
    correct: dict[ScoreName, ProbeAccuracy]
    seconds: float


def main() -> None:
    """Add what the table lacks, target by target."""
    done = set()
    if TABLE.exists():
        with TABLE.open(newline="") as file:
            done = {(row["target"], row["model"]) for row in csv.DictReader(file)}
    names = list(dict.fromkeys(cell.model for cell in read_cells()))
    tasks = development_tasks()
    plain = plain_model(DEFAULT).probe
    models = [
        plain_model(name) if name in PLAIN else expert(tasks[name], plain, print) for name in names
    ]
    for name in sys.argv[1:] or tasks:
        missing = [m for m in models if m.source != name and (name, m.name) not in done]
        if not missing:
            continue
        began = time.perf_counter()
        rows = list(_rows(Target(tasks[name], plain), missing, default=models[0]))
        new = not TABLE.exists()
        with TABLE.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(COLUMNS)
            writer.writerows(rows)
        print(f"{name}: {time.perf_counter() - began:.0f} s", flush=True)


def _rows(
    target: Target, models: list[Starting], *, default: Starting
) -> Iterator[tuple[object, ...]]:
    for budget in Budget:
        for number, draw in zip(range(budget.shown), target.draws(budget), strict=False):
            found = {model.name: _scored(model, target, draw) for model in models}
            plain = (found.get(DEFAULT) or _scored(default, target, draw)).correct
            for name, each in found.items():
                paired = [
                    value
                    for score in PAIRED
                    for value in _paired(each.correct.get(score), plain.get(score))
                ]
                own = [each.scores[name] for name in (*SCORES, "ridge_error")]
                values = [*own, *paired, each.seconds]
                yield (target.name, budget, number, name, *(f"{value:.5g}" for value in values))


def _scored(model: Starting, target: Target, draw: Draw) -> _Scored:
    features = features_of(model, target)[draw.train]
    labels = target.labels[draw.train]
    seen = Seen(
        features=features,
        labels=labels,
        classes=target.classes,
        source_logits=source_logits(model, features),
    )
    began = time.perf_counter()
    scores = {
        str(name): or_nan(partial(score, seen))
        for name, score in SCORES.items()
        if name is not ScoreName.LINEAR_PROBE
    }
    scores["ridge_error"] = or_nan(partial(_ridge_error, seen))
    correct = {}
    for name in PAIRED:
        try:
            correct[name] = ACCURACY_SCORES[name].accuracy(seen)
        except SettingError:
            continue
    # Its score is its accuracy, and it takes longer than all the others.
    probed = correct.get(ScoreName.LINEAR_PROBE)
    scores[ScoreName.LINEAR_PROBE] = float("nan") if probed is None else probed.accuracy
    return _Scored(scores, correct, time.perf_counter() - began)


def _ridge_error(seen: Seen) -> float:
    usable = seen.repeated()
    return -leave_one_out(usable.features, usable.labels, classes=usable.classes).error


def or_nan(score: Callable[[], float]) -> float:
    """Return a score, nan where it cannot be told."""
    try:
        return score()
    except SettingError:
        return float("nan")


def _paired(found: ProbeAccuracy | None, plain: ProbeAccuracy | None) -> tuple[float, float]:
    """Return the gain over the default on the same images, and its variance."""
    if found is None or plain is None:
        return float("nan"), float("nan")
    paired = paired_gain(found, plain)
    return paired.gain, paired.variance


if __name__ == "__main__":
    main()
