"""Scores of the models that were fine-tuned: ``python -m research.recipes.scores``.

They see the training images of a draw, as who fine-tunes has them. What the table has already is
not scored again. ``--cells FILE`` names another table of cells. With ``--at-hand``, models that
would have to be trained first are left out.
"""

import argparse
import csv
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from time import process_time
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from research import RESULTS
from research.development.tasks import cache, development_tasks
from research.recipes import tables
from research.recipes.draws import drawn
from research.recipes.yardsticks import Tried, tried_in_recipes, tried_in_transfer
from research.scores.gradients import sketch_gradients
from research.scores.score import ACCURACY_SCORES, SCORES, TUNING_SCORES, ScoreName
from research.scores.seen import Seen
from research.transfer.fine_tuned import read_fine_tuned
from research.transfer.scores import or_nan
from research.transfer.targets import Budget, Draw, Target
from research.transfer.zoo import DEFAULT, PLAIN, Starting, expert, plain_model
from research.transfer_table import append_rows
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.finetuning.last_stage import split
from task2vec.finetuning.stage_training import seen as seen_by
from task2vec.recommendation.measure.linear_probe import leave_one_out

TABLE = RESULTS / "recipes_scores.csv"
RIGHT_ANSWERS, RIDGE_ERROR = "right_answers", "ridge_error"
PASS, SKETCH = "pass", "sketch"
Value = TypeVar("Value")
_BATCH = 32


class Score(Protocol):
    """A score of what was seen: larger is better."""

    def __call__(self, seen: Seen) -> float:
        """Return it; raises `SettingError` where it cannot be told."""


def _right_answers(seen: Seen) -> float:
    return ACCURACY_SCORES[ScoreName.RIDGE].accuracy(seen).accuracy


def _ridge_error(seen: Seen) -> float:
    usable = seen.repeated()
    return -leave_one_out(usable.features, usable.labels, classes=usable.classes).error


#: All that are judged. The linear probe is not: it is one of the recipes.
JUDGED: dict[str, Score] = {
    RIGHT_ANSWERS: _right_answers,
    RIDGE_ERROR: _ridge_error,
    **{str(name): score for name, score in SCORES.items() if name is not ScoreName.LINEAR_PROBE},
    **{str(name): score for name, score in TUNING_SCORES.items()},
}
COLUMNS = (
    *("target", "shots", "draw", "model", "images"),
    *JUDGED,
    *(f"{name}_seconds" for name in (PASS, SKETCH, *JUDGED)),
)


def main() -> None:
    """Add what the table lacks, draw by draw."""
    parser = argparse.ArgumentParser(prog="python -m research.recipes.scores")
    parser.add_argument("--cells", type=Path, default=tables.TABLE, help="the fine-tuned cells")
    parser.add_argument("--at-hand", action="store_true", help="train no model")
    asked = parser.parse_args()
    keep_freed_memory()
    tasks, plain = development_tasks(), plain_model(DEFAULT)

    @lru_cache(maxsize=8)
    def model_of(name: str) -> Starting:
        return plain_model(name) if name in PLAIN else expert(tasks[name], plain.probe, print)

    done = {(*key_of(row), row["model"]) for row in read_rows()}
    every = [
        *tried_in_recipes(tables.read(asked.cells)),
        *tried_in_transfer(list(read_fine_tuned())),
    ]
    for tried in every:
        missing = [
            name
            for name in tried.accuracies
            if (*tried.key, name) not in done and (not asked.at_hand or _at_hand(name))
        ]
        if not missing:
            continue
        target = Target(tasks[tried.target], plain.probe)
        draw = draw_of(tried, target)
        rows = [[*tried.key, name, *scored(model_of(name), target, draw)] for name in missing]
        append_rows(TABLE, rows, columns=COLUMNS)
        print(tried.key, ", ".join(missing), flush=True)


def draw_of(tried: Tried, target: Target) -> Draw:
    """Return the images that trained and tested there."""
    kind, _, budget = tried.shots.partition(" ")
    if budget:
        return next(target.draws(Budget(budget)))
    found = drawn(target, None if kind == "all" else int(kind), tried.draw)
    assert found is not None, "there were cells of this draw"
    return found


def read_rows(table: Path = TABLE) -> list[dict[str, str]]:
    """Return the rows of the table; none where there is no table."""
    if not table.exists():
        return []
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def key_of(row: dict[str, str]) -> tuple[str, str, int]:
    """Return which draw a row is of, as `Tried.key`."""
    return row["target"], row["shots"], int(row["draw"])


def _at_hand(name: str) -> bool:
    return name in PLAIN or (cache() / "experts" / f"{name}.safetensors").exists()


def scored(model: Starting, target: Target, draw: Draw) -> Iterator[object]:
    """Yield how many images there are, the scores, and the processor's seconds."""
    images = tuple(target.images[i] for i in draw.train)
    trunk, stage = split(model.probe.backbone)
    inputs, looking = _timed(partial(seen_by, model.probe, trunk, images, None))
    # The parts are in this mode already, what holds them is new.
    features, passing = _timed(partial(_features, stage.eval(), inputs))
    gradients, sketching = _timed(partial(sketch_gradients, stage, inputs))
    with torch.inference_mode():
        logits = model.classifier(features).numpy()
    seen = Seen(
        features=features.numpy(),
        labels=target.labels[draw.train],
        classes=target.classes,
        source_logits=logits,
        gradients=gradients,
    )
    found = [_timed(partial(or_nan, partial(score, seen))) for score in JUDGED.values()]
    took = [seconds for _, seconds in found]
    yield len(images)
    yield from (f"{value:.6g}" for value, _ in found)
    yield from (f"{seconds:.4f}" for seconds in (looking + passing, sketching, *took))


def _features(stage: nn.Module, inputs: Tensor) -> Tensor:
    with torch.inference_mode():
        return torch.cat([stage(batch) for batch in torch.split(inputs, _BATCH)])


def _timed(work: Callable[[], Value]) -> tuple[Value, float]:
    began = process_time()
    found = work()
    return found, process_time() - began


if __name__ == "__main__":
    main()
