"""How many steps a recommended model needs until the default's final accuracy."""

import numpy as np
import pytest

from research.recipes.plan import MANY, Recipe
from research.recipes.steps import races, report, steps_to, whole_steps
from research.recipes.tables import RecipeCell
from research.transfer.zoo import DEFAULT
from task2vec.types import Recipe as Taken

TESTED = 100
FAMILIES = {"a": "letters", "b": "emoji"}


def cell(model, right, recipe=Recipe.ALL, *, curve=(), training=320, target="a", run=0):
    """A cell with ``right`` of a hundred images right in the end, and a curve in per cent."""
    return RecipeCell(
        target=target,
        shots=None,
        draw=0,
        run=run,
        model=model,
        recipe=recipe,
        training=training,
        classes=4,
        correct=np.arange(TESTED) < right,
        curve=tuple((steps, each / 100) for steps, each in curve),
        seconds=1.0,
    )


PROBES = [cell(DEFAULT, 50, Recipe.PROBE), cell("near", 60, Recipe.PROBE)]
PLAIN = cell(DEFAULT, 80, curve=[(10, 40), (40, 85), (60, 70)])
NEAR = cell("near", 90, curve=[(10, 70), (20, 80)])


def test_steps_count_until_the_first_look_that_has_the_accuracy():
    # Eight epochs of ten batches of 32 images.
    assert whole_steps(PLAIN) == 80
    assert whole_steps(PROBES[0]) == 0
    assert [steps_to(NEAR, right) for right in (0.7, 0.75, 0.8, 0.9, 0.95)] == [
        *(10, 20, 20, 80),
        np.inf,
    ]


def test_the_model_of_the_best_probe_is_compared_with_the_default():
    far = cell("far", 40, Recipe.PROBE), cell("far", 99, curve=[(10, 99)])
    (race,) = races([*PROBES, PLAIN, NEAR, *far])
    assert (race.target, race.recipe, race.model) == ("a", Taken.ALL_LAYERS, "near")
    assert (race.needed, race.own) == (20 / 80, 40 / 80)


def test_the_default_is_compared_with_itself_where_no_probe_beats_it():
    probes = [PROBES[0], cell("near", 50, Recipe.PROBE)]
    (race,) = races([*probes, PLAIN, NEAR])
    assert race.model == DEFAULT
    assert race.needed == race.own == 40 / 80


@pytest.mark.parametrize(
    "cells",
    [
        [*PROBES, PLAIN],
        [PROBES[0], PLAIN, NEAR],
        [cell(each.model, 50, each.recipe, training=MANY - 1) for each in (*PROBES, PLAIN, NEAR)],
    ],
    ids=["not trained", "one probe", "few images"],
)
def test_a_draw_that_tells_nothing_is_left_out(cells):
    assert [*races(cells)] == []


def test_what_is_never_reached_counts_with_all_steps():
    lost = cell("near", 75, target="b", curve=[(10, 75)])
    probes = [
        cell(each.model, right, Recipe.PROBE, target="b")
        for each, right in zip(PROBES, (50, 60), strict=True)
    ]
    other = cell(DEFAULT, 80, target="b")
    found = report([*PROBES, PLAIN, NEAR, *probes, other, lost], FAMILIES)["all-layers"]
    assert (found["draws"], found["families"], found["default_is_recommended"]) == (2, 2, 0)
    assert found["reached"][0] == 0.5
    assert found["share_of_the_steps"][0] == round((20 / 80 + 1) / 2, 3)
    assert found["the_same_of_the_default"][0] == (40 / 80 + 1) / 2
