"""A threshold is judged by what came of the models that it takes, and by what was promised."""

import json

import pytest

from research.recipes.threshold import OUT, Asked, judged
from task2vec.recommendation.evidence.recipes import RecipeGain
from task2vec.recommendation.rankers import LEAST_GAIN, RECIPE_TRUST


def test_the_default_is_left_by_the_gain_and_by_its_doubt():
    sure = Asked("a", 0, RecipeGain(0.04, 0.1), 0.02)
    assert [sure.leaves(deviations) for deviations in (0.0, 0.39, 0.41)] == [True, True, False]
    assert not Asked("a", 0, RecipeGain(LEAST_GAIN / 2, 0.001), 0.02).leaves(0.0)
    assert not Asked("a", 0).leaves(0.0)


def test_what_is_not_taken_gains_nothing_and_promises_nothing():
    every = [
        Asked("a", 0, RecipeGain(0.06, 0.1), 0.02),
        Asked("b", 0, RecipeGain(0.01, 0.1), -0.08),
        Asked("c", 0),
        *(Asked("a", probes, RecipeGain(0.06, 0.1), 0.01) for probes in (2, 8, 16)),
    ]
    found = judged(every)["0"]
    assert found["0"]["got"][0] == pytest.approx(-2)
    assert (found["0"]["left"], found["0"]["promised_beyond"]) == (0.67, 6.5)
    assert found["0.3"]["got"][0] == pytest.approx(2 / 3, abs=0.01)
    assert (found["0.3"]["left"], found["0.3"]["promised_beyond"]) == (0.33, 4.0)
    assert found["0.8"] == {"got": [0.0, 0.0, 0.0], "left": 0.0, "promised_beyond": None}


def test_the_threshold_that_counts_was_judged():
    points = json.loads(OUT.read_text(encoding="utf-8"))["points"]
    for by_probes in points.values():
        assert all(f"{RECIPE_TRUST:g}" in found for found in by_probes.values())
