"""What fine-tuning gave, to JSON and back."""

import json

import pytest
from factories import replace

from task2vec.errors import InputError
from task2vec.finetuning.result import Choice, ClassAccuracy, CurvePoint, Score, Tuned, read_tuned
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.finetuning import RecipeChoice
from task2vec.recommendation.prediction.intervals import wilson_interval
from task2vec.types import ChosenBy, Recipe

TUNED = Tuned(
    correct=(True, False, True),
    test_keys=("a/1.png", "a/2.png", "b/1.png"),
    protocol="fine-tuning/2 32px 10 images seed 5",
    epochs=3,
    best_epoch=2,
    seconds=1.5,
    settings=FineTuningSettings(epochs=3, seed=5),
    sha256="0" * 64,
    warnings=("few images",),
    choice=Choice(
        chosen=Recipe.ALL_LAYERS,
        by=ChosenBy.CROSS_VALIDATION,
        images=10,
        learning_rate=1e-3,
        linear_probe=Score(accuracy=0.5, loss=0.9),
        all_layers=Score(accuracy=0.6, loss=0.8),
        noise=0.05,
    ),
    by_class=(
        ClassAccuracy(label="a", images=2, correct=1),
        ClassAccuracy(label="b", images=1, correct=1),
    ),
    resumed="fold 2 of 3, epoch 1 of 3",
    recipe=Recipe.ALL_LAYERS,
    curve=(
        CurvePoint(steps=4, accuracy=0.5, loss=0.9),
        CurvePoint(steps=8, accuracy=0.6, loss=float("inf")),
    ),
)


def sent(tuned):
    """Return what a worker sends of it."""
    return json.loads(tuned.model_dump_json())


SETTINGS = sent(TUNED)["settings"]
CHOICE = sent(TUNED)["choice"]


def test_it_comes_back_as_it_went():
    data = sent(TUNED)
    found = read_tuned(data)
    assert found == TUNED
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.interval == wilson_interval(2, 3)
    assert found.choice == TUNED.choice
    assert found.by_class == TUNED.by_class
    # The second class counts as much as the first, which has twice its images.
    assert found.balanced_accuracy == (1 / 2 + 1) / 2
    assert found.settings == TUNED.settings


def test_what_an_earlier_version_sent_or_stored_is_read():
    data = sent(TUNED)
    old = {name: value for name, value in data.items() if name not in ("recipe", "curve")}
    del old["settings"]["recipe"]
    tuned = old["choice"].pop("all_layers")
    old["choice"] |= {"fine_tuning": tuned, "chosen": "fine_tuning"}

    found = read_tuned(old)

    assert (found.recipe, found.curve) == (None, ())
    assert found.settings.recipe is Recipe.AUTO
    assert found.choice == TUNED.choice
    shown = RecipeChoice.model_validate(old["choice"] | {"reason": "the better"})
    assert (shown.chosen, shown.all_layers.loss) == (Recipe.ALL_LAYERS, 0.8)


def test_with_one_image_a_class_there_are_no_scores_to_choose_by():
    choice = Choice(chosen=Recipe.LINEAR_PROBE, by=ChosenBy.NONE, images=0, learning_rate=1e-3)
    found = read_tuned(sent(replace(TUNED, choice=choice)))
    assert found.choice == choice
    assert "one image a class" in choice.reason


def test_a_training_that_diverged_is_told_as_any_other():
    diverged = Score(accuracy=0.25, loss=float("nan"))
    choice = TUNED.choice.model_copy(update={"all_layers": diverged})

    data = json.loads(json.dumps(replace(TUNED, choice=choice).model_dump(mode="json")))

    assert data["choice"]["all_layers"]["loss"] is None
    assert read_tuned(data).choice.all_layers == Score(accuracy=0.25, loss=float("inf"))
    shown = json.loads(RecipeChoice.model_validate(choice).model_dump_json())
    assert RecipeChoice.model_validate(shown).all_layers.loss is None
    assert "25 % and no finite loss" in choice.reason


def test_without_a_test_there_is_no_accuracy():
    data = sent(TUNED) | {"correct": [], "test_keys": [], "by_class": []}
    found = read_tuned(data)
    assert found.accuracy is found.interval is found.balanced_accuracy is None


@pytest.mark.parametrize(
    "change",
    [
        {"correct": [True]},
        {"correct": None},
        {"epochs": "many"},
        {"settings": {"epochs": 0}},
        {"settings": {"speed": 1}},
        {"protocol": ...},
        {"protocol": "\x1b[2J"},
        {"protocol": "x" * 201},
        {"correct": [1, 0, 1]},
        {"test_keys": ["a", "b", 3]},
        {"epochs": 10**30},
        {"epochs": True},
        {"best_epoch": 4},
        {"best_epoch": -1},
        {"seconds": "1.5"},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": -1.0},
        {"settings": SETTINGS | {"seed": 2**80}},
        {"settings": SETTINGS | {"seed": "x"}},
        {"settings": SETTINGS | {"epochs": 1.5}},
        {"settings": SETTINGS | {"learning_rate": float("nan")}},
        {"settings": SETTINGS | {"speed": 1}},
        {"choice": CHOICE | {"chosen": "the best"}},
        {"choice": CHOICE | {"by": "luck"}},
        {"choice": CHOICE | {"images": -1}},
        {"choice": CHOICE | {"linear_probe": {"accuracy": 1.5, "loss": 1.0}}},
        {"choice": CHOICE | {"all_layers": {"accuracy": 0.5, "loss": -1.0}}},
        {"choice": CHOICE | {"noise": -0.1}},
        {"choice": CHOICE | {"reason": "the best"}},
        {"recipe": "auto"},
        {"recipe": "luck"},
        {"curve": [{"steps": 4, "accuracy": 1.5, "loss": 0.5}]},
        {"curve": [{"steps": -4, "accuracy": 0.5, "loss": 0.5}]},
        {"curve": [{"steps": 4, "accuracy": 0.5, "loss": -0.5}]},
        {"curve": [{"steps": 4, "accuracy": 0.5, "loss": 0.5}] * 1001},
        {"by_class": [{"label": "a", "images": 2, "correct": 2}]},
        {"by_class": [{"label": "a", "images": 3, "correct": 1}]},
        {"by_class": [{"label": "a", "images": 0, "correct": 0}]},
        {
            "by_class": [
                {"label": "a", "images": 2, "correct": 0},
                {"label": "b", "images": 1, "correct": 2},
            ]
        },
        {"sha256": "A" * 64},
        {"warnings": ["x"] * 101},
        {"warnings": ["x" * 10_001]},
        {"warnings": "few images"},
    ],
)
def test_anything_else_is_refused(change):
    data = {k: v for k, v in (sent(TUNED) | change).items() if v is not ...}
    with pytest.raises(InputError):
        read_tuned(data)


def test_a_loss_without_bounds_is_told_in_a_few_digits():
    found = Choice(
        chosen=Recipe.LINEAR_PROBE,
        by=ChosenBy.VALIDATION,
        images=40,
        learning_rate=1e-3,
        linear_probe=Score(accuracy=0.5, loss=0.693147),
        all_layers=Score(accuracy=0.1, loss=52_666_617_036_800.0),
    )
    assert "a loss of 0.69, all layers 10 % and 5.3e+13;" in found.reason
