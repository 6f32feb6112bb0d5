"""The seconds of a recipe: counted work against what ran, and against measured cells."""

import csv
from pathlib import Path

import numpy as np
import pytest

from research.recipes.plan import Recipe as Cell
from task2vec.finetuning.duration import Work, expected_seconds
from task2vec.finetuning.foreseen_work import VIEWS, epochs_of, work_of
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.types import Recipe

LABELS = np.repeat(np.arange(5), 60)
PARAMETERS = {"efficientnet_lite1": 5_416_680, "efficientnet_lite2": 6_092_072}
LITE0, MOBILENET = 4_652_008, 3_504_872
TABLE = Path(__file__).parents[2] / "research" / "results" / "recipes.csv"


def work(recipe, images, validated):
    settings = FineTuningSettings(recipe=recipe)
    validation = LABELS[:validated]
    return work_of(LABELS[:: 300 // images], validation=validation, test=10, settings=settings)


def test_validated_epochs_are_counted():
    # 300 images are 10 steps of 32, in the 8 epochs that there are at least.
    looked = 8 * 40
    assert work(Recipe.LINEAR_PROBE, 300, 40) == Work(forward=350)
    assert work(Recipe.ALL_LAYERS, 300, 40) == Work(looked + 10, trained=2400, steps=80)
    assert work(Recipe.AUTO, 300, 40) == Work(looked + 350, trained=2400, steps=80)
    assert work(Recipe.LAST_STAGE, 300, 40) == Work(
        VIEWS * 300 + 40 + 10, stage_forward=looked, stage_trained=2400, stage_steps=80
    )


def test_without_validation_images_folds_are_counted():
    whole = work(Recipe.ALL_LAYERS, 60, 0)
    # Three folds of 40 images and all 60, each for 64 steps.
    assert (whole.forward, whole.steps) == (60 + 10, 4 * 64)
    assert whole.trained == 3 * 16 * 40 + 16 * 60


def test_seconds_add_up_and_a_faster_machine_is_faster():
    one, other = Work(3, 4, 5, 6, 7, 8), Work(forward=100, stage_steps=2)
    options = {"an_image": 0.01, "parameters": 10**6}
    total = expected_seconds(one + other, **options)
    assert total == pytest.approx(
        expected_seconds(one, **options) + expected_seconds(other, **options)
    )
    assert expected_seconds(one, an_image=0.005, parameters=10**6) < expected_seconds(
        one, **options
    )


@pytest.mark.parametrize("kind", ["last stage", "all"])
def test_measured_cells_took_what_is_expected(kind):
    """The measured pace is that of the linear probes on the same images, by the same network."""
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    same = ("target", "shots", "draw", "run", "model")
    paces = {
        tuple(row[name] for name in same): float(row["seconds"]) / int(row["training"])
        for row in rows
        if row["recipe"] == Cell.PROBE
    }
    ratios = []
    for row in rows:
        if not row["recipe"].startswith(kind):
            continue
        pace = paces.get(tuple(row[name] for name in same))
        if pace is None:
            continue
        images = int(row["training"])
        done = epochs_of(images, 0, FineTuningSettings())
        if kind == "last stage":
            done = Work(VIEWS * images, stage_trained=done.trained, stage_steps=done.steps)
        parameters = MOBILENET if "mobilenet" in row["model"] else LITE0
        parameters = PARAMETERS.get(row["model"], parameters)
        seconds = expected_seconds(done, an_image=pace, parameters=parameters)
        ratios.append(seconds / float(row["seconds"]))
    assert len(ratios) > 15
    assert 0.8 < np.median(ratios) < 1.25
    assert np.mean([0.6 < ratio < 1.6 for ratio in ratios]) > 0.8
