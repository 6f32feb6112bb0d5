"""Starting models compared with the default on the same test images: intervals, tests, verdict."""

from fractions import Fraction
from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from task2vec.errors import InputError
from task2vec.finetuning.comparison import LEVEL, ComparedExpert, comparison_of
from task2vec.recommendation.prediction.intervals import chance_of_more, paired_score_interval


def expert(correct, *, tested="same images"):
    return ComparedExpert("expert", np.array(correct, dtype=bool), tested, 1.0)


def compared(*models, failed=()):
    """Compare models, by which images they have right, with the first, which is the default."""
    experts = {f"m{i}": expert(correct) for i, correct in enumerate(models)}
    why = dict.fromkeys(failed, "does not fit")
    return comparison_of(experts, task="birds", default="m0", failed=why)


def pair(won, lost, alike=0):
    """Return which images two models have right, of which the first wins and loses so many."""
    first = [True] * won + [False] * lost + [True] * alike
    second = [False] * won + [True] * lost + [True] * alike
    return first, second


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (4, 1), (3, 3), (2, 6), (9, 2)])
def test_the_exact_test_counts_the_ways_of_a_fair_coin(won, lost):
    throws = list(product([0, 1], repeat=won + lost))
    as_many = sum(sum(throw) >= won for throw in throws)
    assert chance_of_more(*pair(won, lost, 5)) == Fraction(as_many, len(throws))


def test_a_gain_is_the_mean_of_the_differences_image_by_image():
    rng = np.random.default_rng(0)
    default, one, two = rng.random((3, 80)) < [[0.5], [0.6], [0.8]]
    answer = compared(default, one, two)

    assert [row.model for row in answer.rows] == ["m0", "m2", "m1"]
    for row, correct in zip(answer.rows[1:], (two, one), strict=True):
        differences = correct.astype(int) - default.astype(int)
        assert row.gain == pytest.approx(differences.mean())
        level = 1 - (1 - LEVEL) / 2
        assert row.gain_interval == paired_score_interval(correct, default, level=level)


def score(won, lost, total, delta):
    """Return the score statistic of a difference, with the likeliest shares searched for."""
    least = max(0.0, -delta)
    lost_share = np.linspace(least, (1 - delta) / 2, 200_001)[1:-1]
    won_share = lost_share + delta
    alike = 1 - won_share - lost_share
    likelihood = (
        won * np.log(np.maximum(won_share, 1e-300))
        + lost * np.log(np.maximum(lost_share, 1e-300))
        + (total - won - lost) * np.log(np.maximum(alike, 1e-300))
    )
    best = likelihood.argmax()
    variance = won_share[best] + lost_share[best] - delta**2
    return (won - lost - total * delta) / np.sqrt(total * variance)


@pytest.mark.parametrize(
    ("won", "lost", "alike"), [(3, 1, 8), (0, 0, 9), (5, 0, 0), (7, 7, 60), (30, 4, 200), (1, 6, 3)]
)
@pytest.mark.parametrize("level", [0.9, 0.98])
def test_the_ends_of_a_gain_are_where_the_score_test_begins_to_reject(won, lost, alike, level):
    first, second = pair(won, lost, alike)
    low, high = paired_score_interval(first, second, level=level)
    z = NormalDist().inv_cdf((1 + level) / 2)
    total = won + lost + alike
    assert -1 <= low <= (won - lost) / total <= high <= 1
    for end, expected in ((low, z), (high, -z)):
        if abs(end) < 1:
            assert score(won, lost, total, end) == pytest.approx(expected, abs=0.01)
    back = paired_score_interval(second, first, level=level)
    assert back == pytest.approx((-high, -low))


def test_more_models_need_a_larger_difference():
    better, default = pair(6, 0, 30)
    alone = compared(default, better)
    assert alone.chosen == "m1"
    assert "Take m1: on the same 36 test images" in alone.verdict
    among = compared(default, better, *[default] * 4)
    assert among.chosen == "m0"
    assert "no model is surely more accurate" in among.verdict
    # Seven images of 36, of which chance wins all once in 128.
    assert "(19 points) must differ to be sure" in among.verdict
    narrow, wide = (
        next(row.gain_interval for row in a.rows if row.model == "m1") for a in (alone, among)
    )
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_a_model_that_failed_counts_and_stops_nothing():
    better, default = pair(5, 0, 20)
    assert compared(default, better).chosen == "m1"
    answer = compared(default, better, failed=("m2",))
    assert answer.chosen == "m0"
    assert (answer.rows[-1].model, answer.rows[-1].error) == ("m2", "does not fit")
    assert answer.rows[-1].accuracy is None


def test_what_is_surely_worse_is_said_and_not_taken():
    worse, default = pair(0, 12, 20)
    answer = compared(default, worse)
    assert answer.rows[1].better is False
    assert answer.rows[1].gain_interval[1] < 0
    assert answer.chosen == "m0"


def test_too_few_images_tell_nothing():
    better, default = pair(4, 0)
    answer = compared(default, better)
    assert answer.rows[1].better is None
    assert "too few to tell any difference" in answer.verdict


def test_other_test_images_are_refused():
    experts = {"m0": expert([True, False]), "m1": expert([True, True], tested="others")}
    with pytest.raises(InputError, match="different images"):
        comparison_of(experts, task="birds", default="m0", failed={})


@pytest.mark.parametrize("models", [1, 3, 9])
def test_what_is_sure_has_an_interval_on_its_side(models):
    level = 1 - (1 - LEVEL) / models
    for won, lost, alike in product(range(31), range(31), (0, 20, 200)):
        first, second = pair(won, lost, alike)
        if (won + lost) and chance_of_more(first, second) <= (1 - level) / 2:
            assert paired_score_interval(first, second, level=level)[0] > 0, (won, lost, alike)


@pytest.mark.parametrize("images", [12, 40, 150])
def test_no_more_than_one_in_twenty_prefers_a_model_that_is_no_better(images):
    rng = np.random.default_rng(images)
    chosen, held = [], []
    for _ in range(600):
        # Five models as accurate as the default, right on images of their own choice.
        hard = rng.random(images)
        right = (hard + rng.normal(0, 0.5, (6, images))) > 0.4
        answer = compared(*right)
        chosen.append(answer.chosen != "m0")
        held.append(
            all(row.gain_interval[0] <= 0 <= row.gain_interval[1] for row in answer.rows[1:])
        )
    assert np.mean(chosen) <= 0.05
    assert np.mean(held) >= LEVEL - 0.02
