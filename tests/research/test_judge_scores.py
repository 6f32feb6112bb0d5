"""Judging scores by fine-tuned models: what is read of the cells, and what is made of the pairs."""

from itertools import combinations

import numpy as np
import pytest

from research.recipes.judge_scores import Judged, concordance_parts, joined, judge
from research.recipes.plan import Recipe
from research.recipes.scores import JUDGED
from research.recipes.tables import RecipeCell
from research.recipes.yardsticks import Yardstick, tried_in_recipes, tried_in_transfer
from research.transfer.fine_tuned import FineTuned
from research.transfer.targets import Budget


def cell(model, recipe, right, *, run=0, shots=5):
    return RecipeCell(
        target="digits",
        shots=shots,
        draw=0,
        run=run,
        model=model,
        recipe=recipe,
        training=10,
        classes=2,
        correct=np.arange(10) < right,
        curve=(),
        seconds=1.0,
    )


def test_outcomes_are_those_of_all_layers_and_of_the_best_recipe_over_runs():
    cells = [
        cell("a", Recipe.PROBE, 5),
        cell("a", Recipe.GENTLE, 6),
        cell("a", Recipe.GENTLE, 9, run=1),
        cell("a", Recipe.STAGE, 7),
        cell("b", Recipe.PROBE, 8),
        cell("b", Recipe.GENTLE, 3),
        cell("c", Recipe.PROBE, 10),
        cell("a", Recipe.GENTLE, 1, shots=None),
    ]
    (tried,) = tried_in_recipes(cells)
    assert tried.key == ("digits", "5", 0)
    assert tried.accuracies == {
        "a": {Yardstick.BEST: pytest.approx(0.75), Yardstick.ALL_LAYERS: pytest.approx(0.75)},
        "b": {Yardstick.BEST: pytest.approx(0.8), Yardstick.ALL_LAYERS: pytest.approx(0.3)},
    }


def test_the_older_cells_are_read_alike():
    cells = [FineTuned("digits", Budget.FEW, model, 0.5, 0.4, 100, 1.0) for model in "ab"]
    (tried,) = tried_in_transfer(cells)
    assert tried.key == ("digits", "transfer few", 0)
    assert tried.accuracies["b"] == {Yardstick.BEST: 0.5, Yardstick.ALL_LAYERS: 0.4}


def row(model, **scores):
    told = {name: str(scores.get(name, 0.0)) for name in JUDGED}
    return {"target": "digits", "shots": "5", "draw": "0", "model": model, "images": "10", **told}


def test_models_without_a_score_are_left_aside():
    models = ("a", "b", "c")
    tried = tried_in_recipes([cell(model, Recipe.GENTLE, 3) for model in models])
    rows = [row("a", logme=1.0), row("c", logme=2.0)]
    (draw,) = joined(tried, rows, {"digits": "digits"})
    assert draw.scores["logme"].tolist() == [1, 2]
    assert draw.accuracies[Yardstick.BEST].tolist() == [0.3, 0.3]
    assert joined(tried, rows[:1], {"digits": "digits"}) == []


def test_pairs_weigh_as_much_as_they_differ():
    accuracies = np.array([0.9, 0.5, 0.4])
    assert concordance_parts(accuracies, accuracies) == pytest.approx((1.0, 1.0))
    assert concordance_parts(-accuracies, accuracies) == pytest.approx((-1.0, 1.0))
    # The last two the wrong way round, and then the first two equal.
    assert concordance_parts(np.array([3, 1, 2]), accuracies) == pytest.approx((0.8, 1.0))
    assert concordance_parts(np.array([3, 3, 2]), accuracies) == pytest.approx((0.6, 1.0))
    assert concordance_parts(np.array([np.nan, 3, 2]), accuracies) == pytest.approx((0.1, 1.0))
    few = concordance_parts(np.array([3, 1, 2]), accuracies, most=0.2)
    assert few == pytest.approx((0.2 + 0.2 - 0.1, 0.5))


def draw(family, accuracies, **scores):
    values = np.array(accuracies)
    same = dict.fromkeys(JUDGED, values)
    told = {name: np.array(each) for name, each in scores.items()}
    return Judged(family, family, "5", 10, dict.fromkeys(Yardstick, values), {**same, **told})


def test_concordance_is_pooled_over_draws_and_compared_in_pairs():
    draws = [
        draw("digits", [0.2, 0.8], logme=[1, 0]),
        draw("emoji", [0.5, 0.6, 0.7], logme=[0, 1, 2]),
    ]
    found = judge(draws, Yardstick.BEST)
    assert (found["draws"], found["pairs"]) == (2, 4)
    logme = found["scores"]["logme"]
    # The gaps of the four pairs: 0.6 the wrong way, 0.1, 0.1 and 0.2 the right one.
    assert logme["concordance"]["superfamilies"][0] == pytest.approx(-0.2)
    # A bootstrap of two kinds draws either alone.
    assert logme["concordance"]["superfamilies"][1:] == [-1, 1]
    assert logme["concordance_over_ridge_error"]["families"] == [-1.2, -2, 0]
    assert logme["concordance_over_logme"]["superfamilies"] == [0, 0, 0]
    # No pair weighs more than 0.05: one of four is wrong.
    assert logme["concordance_among_near"]["families"][0] == pytest.approx(0.5)
    assert logme["weighted_tau"] == [1, 1, 1]
    assert logme["regret_points"] == [30, 0, 60]
    assert found["scores"]["ridge_error"]["regret_points"] == [0, 0, 0]


def test_scores_that_say_nothing_have_no_concordance_and_the_regret_of_chance():
    accuracies = [0.1, 0.4, 0.7]
    found = judge([draw("digits", accuracies, leep=[np.nan] * 3)], Yardstick.BEST)
    assert found["scores"]["leep"]["concordance"]["families"] == [0, 0, 0]
    assert found["scores"]["leep"]["regret_points"][0] == pytest.approx(30)
    assert sum(1 for _ in combinations(accuracies, 2)) == found["pairs"]
