"""What may be called recommended: no tie, and no guess; and what accuracy is predicted with it."""

from dataclasses import replace

import numpy as np
import pytest
from questions import PLAIN, ask, found, model, right
from scipy.integrate import quad
from scipy.stats import norm

from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.measured_gains import is_tie
from task2vec.recommendation.answer.predicted_accuracy import UncertainAccuracy
from task2vec.recommendation.rankers import LEAST_GAIN, MOST_SD, RECIPE_TRUST, surely_best

OTHER = model("other")


@pytest.mark.parametrize(("more", "taken"), [(1, False), (30, True)])
def test_a_difference_of_one_image_is_a_tie_and_the_default_wins(more, taken):
    probes = {"plain": right(60, 100), "other": right(60 + more, 100)}
    question = ask([PLAIN, OTHER], measured=probes)
    answer = rank(question)
    assert found(answer, "other").score > 0
    assert (answer.chosen == "other") is taken
    if not taken:
        assert answer.abstained
        assert answer.reason == (
            "the default, plain, and other tie: with a linear probe they get the same number of "
            "your images right, give or take one"
        )


def test_a_tie_of_short_fine_tunings_is_called_one_and_the_default_wins():
    probes = {"plain": right(60, 100), "other": right(62, 100)}
    tuned = {"mdl-plain": right(80, 100), "mdl-other": right(80, 100)}
    answer = rank(ask([PLAIN, OTHER], measured=probes, tuned=tuned))
    assert found(answer, "other").score > 0
    assert answer.chosen == "plain"
    assert answer.reason.startswith(
        "the default, plain, and other tie: after a short fine-tuning they get the same number "
    )


def test_what_the_squared_errors_speak_for_is_no_tie():
    # 30 images won and 29 lost: right answers tell little, errors more.
    plain = right(60, 100)
    other = replace(plain, correct=(np.arange(100) >= 29) & (np.arange(100) < 90))
    errors = {"plain": replace(plain, error=0.9), "other": replace(other, error=0.4)}
    answer = rank(ask([PLAIN, OTHER], measured=errors))
    assert (answer.chosen, answer.abstained) == ("other", False)


def test_fine_tuning_decides_what_is_a_tie_before_linear_probes():
    probed = {"a": right(60, 100), "plain": right(60, 100)}
    tuned = {"a": right(70, 100), "plain": right(60, 100)}
    assert is_tie("a", {}, probed, default="plain")
    assert not is_tie("a", tuned, probed, default="plain")
    assert not is_tie("a", probed, tuned, default="a")
    assert not is_tie("a", {}, {}, default="plain")


def test_a_gain_that_nobody_knows_is_not_taken_however_large():
    mean, sd = np.array([0.077, 0.03]), np.array([0.277, 0.05])
    assert surely_best(mean, sd, trust=0.2) == 1
    assert surely_best(mean[:1], sd[:1], trust=0.2) is None
    assert surely_best(np.array([0.077]), np.array([MOST_SD]), trust=0.2) == 0


def test_the_default_is_not_left_for_less_than_half_a_point():
    assert surely_best(np.array([0.004, 0.006]), np.array([0.001, 0.01]), trust=0.2) == 1
    assert surely_best(np.array([0.004]), np.array([0.001]), trust=0.2) is None


def test_a_gain_of_which_training_leaves_less_than_half_a_point_is_not_taken():
    # The more images, the less of a probe's gain is left.
    probes = {"plain": right(200, 400), "other": right(240, 400)}
    few, some, many = (
        rank(ask([PLAIN, OTHER], measured=probes, images=n)) for n in (10, 600, 2000)
    )
    assert few.chosen == "other"
    assert found(few, "other").plan(few.recipe).gain > LEAST_GAIN
    assert 0 < found(some, "other").plan(some.recipe).gain < LEAST_GAIN
    for answer in (some, many):
        assert (answer.chosen, answer.abstained) == ("plain", True)
        # The gain of linear probes is the same, and would be enough by itself.
        assert found(answer, "other").score == found(few, "other").score > LEAST_GAIN
        assert answer.reason.startswith(
            "with all layers trained, no model is expected to gain half a point over the default, "
            "plain: other gains +"
        )
        assert answer.recommendations[0].model == "plain"


def test_a_gain_that_training_leaves_within_its_doubt_is_not_taken():
    probes = [{"plain": right(200, 400), "other": right(n, 400)} for n in (212, 216, 240)]
    answers = [
        rank(ask([PLAIN, OTHER], measured=measured, images=n))
        for measured in probes
        for n in range(10, 600, 10)
    ]
    plans = [found(answer, "other").plan(answer.recipe) for answer in answers]
    half = [(plan.gain_interval[1] - plan.gain_interval[0]) / 2 for plan in plans]
    # Half a point is left for longer than its doubt is small.
    unsure, sure = [], []
    for answer, plan, each in zip(answers, plans, half, strict=True):
        if plan.gain > LEAST_GAIN:
            deviations = 1.645 * plan.gain / each
            (sure if deviations > RECIPE_TRUST else unsure).append(answer)
    assert sure
    assert {answer.chosen for answer in sure} == {"other"}
    assert unsure
    for answer in unsure:
        assert (answer.chosen, answer.abstained) == ("plain", True)
        assert answer.reason.startswith(
            "with all layers trained, no model surely gains over the default, plain: the best is "
            "other, expected to gain +"
        )


def test_without_the_default_the_best_is_taken_whatever_fine_tuning_loses():
    probes = {"plain": right(200, 400), "other": right(215, 400)}
    question = replace(ask([OTHER], measured=probes, images=2000), others=(PLAIN,))
    assert rank(question).chosen == "other"


@pytest.mark.parametrize(
    ("accuracy", "mean", "half"),
    [
        (0.94, 0.077, 0.45),
        (0.94, 0.077, 0.02),
        (0.05, -0.1, 0.1),
        (0.5, 0.1, 0.05),
        (0.99, 0.2, 0.01),
    ],
)
def test_a_predicted_accuracy_is_that_of_a_gain_within_what_is_possible(accuracy, mean, half):
    below, above = 0.02, 0.02
    got, (low, high) = UncertainAccuracy(accuracy, below, above).with_gain(mean, half)
    sd = np.hypot(below, half) / norm.ppf(0.95)
    x = norm(accuracy + mean, sd)
    expected = quad(lambda a: a * x.pdf(a), 0, 1)[0] + x.sf(1)
    assert got == pytest.approx(expected, abs=1e-6)
    assert 0 <= low <= got <= high <= 1


def test_no_accuracy_is_certain_and_the_default_keeps_its_own():
    got, _ = UncertainAccuracy(0.94, 0.05, 0.05).with_gain(0.077, 0.45)
    assert got < 0.95
    # A gain of 0 that may be more or less is not the default's.
    assert UncertainAccuracy(0.97, 0.02, 0.02).with_gain(0.0, 0.1)[0] < 0.96
    assert UncertainAccuracy(1.0, 0.02, 0.02).with_gain(0.0, 0.0)[0] == 1.0
    assert UncertainAccuracy(None, 0.0, 0.0).with_gain(0.1, 0.1) == (None, None)
