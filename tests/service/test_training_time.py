"""How long fine-tuning would take: of which images, from which model, at which pace."""

from pathlib import Path

import numpy as np
import pytest
from factories import make_model
from small_store import cut

from task2vec.data.open import open_source
from task2vec.finetuning.duration import expected_seconds
from task2vec.finetuning.foreseen_work import work_of
from task2vec.finetuning.probe_cache import Pace
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import foreseen
from task2vec.service.recommend.training_time import PlannedTraining
from task2vec.types.tuning import RECIPES, Recipe

PIXELS = 128


def model(name, *, architecture="net", parameters=10**6, input_size=PIXELS):
    return make_model(
        name,
        id=name,
        architecture=architecture,
        parameters=parameters,
        input_size=input_size,
    )


PLAIN, EXPERT = model("plain"), model("expert")
LARGER = model("larger", architecture="large", parameters=2 * 10**6)
FINER = model("finer", input_size=2 * PIXELS)
#: 0.1 s in the network for an image, and 0.01 s to read one.
PACE = Pace(read=0.4, passed=4.0, images=40)


@pytest.fixture
def plan():
    return PlannedTraining.on_images(100, classes=4, most=300)


def test_the_work_is_that_of_finetune_with_its_defaults(tmp_path: Path):
    task = open_source(cut("emoji_food", tmp_path / "food"))
    plan = PlannedTraining.on(task)
    training, validation, test = foreseen(task, images=400, seed=0)
    assert plan.images == len(task.entries) == len(training) + len(validation) + test
    for recipe in RECIPES:
        settings = FineTuningSettings(recipe=recipe)
        assert plan.work[recipe] == work_of(
            training, validation=validation, test=test, settings=settings
        )
    # Without the list, from the numbers: these classes are of one size.
    classes = len(task.classes)
    assert PlannedTraining.on_images(plan.images, classes=classes, most=10**6) == plan


def test_a_task_of_which_nothing_trains_has_no_plan(tmp_path: Path):
    whole = open_source(cut("emoji_food", tmp_path / "whole" / "test").parent)
    assert PlannedTraining.on(whole) is None


def test_a_task_that_may_have_more_images_is_supposed_to_have_all_that_train():
    assert PlannedTraining.on_images(300, classes=4, most=300).images == 400
    assert PlannedTraining.on_images(299, classes=4, most=300).images == 299


def test_seconds_are_those_of_reading_and_of_the_work_at_the_measured_pace(plan):
    found = plan.seconds([PLAIN], {"plain": PACE})["plain"]
    for recipe in RECIPES:
        expected = expected_seconds(plan.work[recipe], an_image=0.1, parameters=10**6)
        assert found[recipe] == pytest.approx(expected + 100 * 0.01)
    # Nothing but reading and passing the images of a linear probe.
    assert found[Recipe.LINEAR_PROBE] == pytest.approx(100 * (0.1 + 0.01))
    assert found[Recipe.LINEAR_PROBE] < found[Recipe.LAST_STAGE] < found[Recipe.ALL_LAYERS]


def test_networks_that_are_alike_take_the_same_and_others_by_their_size(plan):
    found = plan.seconds([PLAIN, EXPERT, LARGER, FINER], {"plain": PACE})
    probe = {name: times[Recipe.LINEAR_PROBE] - 1.0 for name, times in found.items()}
    assert found["expert"] == found["plain"]
    assert probe["larger"] == pytest.approx(2 * probe["plain"])
    assert probe["finer"] == pytest.approx(4 * probe["plain"])


def test_a_measured_network_has_its_own_pace(plan):
    slow = Pace(read=0.4, passed=40.0, images=40)
    found = plan.seconds([PLAIN, EXPERT, LARGER], {"plain": PACE, "larger": slow})
    assert found["larger"][Recipe.LINEAR_PROBE] == pytest.approx(100 * 1.0 + 1.0)
    assert found["expert"][Recipe.LINEAR_PROBE] == pytest.approx(100 * 0.1 + 1.0)


def test_one_busy_moment_counts_for_nothing(plan):
    """Of networks that are alike the pace is the median."""
    quick, busy = (Pace(read=0.4, passed=seconds, images=40) for seconds in (2.0, 400.0))
    paces = {"plain": quick, "expert": busy, "other": PACE}
    found = plan.seconds([PLAIN, EXPERT, model("other"), LARGER], paces)
    probe = {name: times[Recipe.LINEAR_PROBE] - 1.0 for name, times in found.items()}
    assert probe["plain"] == probe["expert"] == pytest.approx(100 * 0.1)
    assert probe["larger"] == pytest.approx(2 * probe["plain"])


def test_what_the_first_probe_loads_is_not_expected_of_reading(plan):
    first = Pace(read=400.0, passed=4.0, images=40)
    alone = plan.seconds([PLAIN], {"plain": first})["plain"]
    found = plan.seconds([PLAIN, EXPERT], {"plain": first, "expert": PACE})["plain"]
    assert np.array([*alone.values()]) - [*found.values()] == pytest.approx([999.0] * 3)


def test_nothing_is_told_of_what_nothing_is_known_of(plan):
    unknown = model("unknown", architecture="other", parameters=None)
    assert plan.seconds([PLAIN], {}) == {}
    assert plan.seconds([PLAIN], {"removed": PACE}) == {}
    assert plan.seconds([PLAIN, unknown], {"plain": PACE}).keys() == {"plain"}
