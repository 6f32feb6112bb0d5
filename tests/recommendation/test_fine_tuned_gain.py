"""The gain of fine-tuning: the expected one from a probe's gain, and what fine-tuning has shown."""

from math import sqrt

import numpy as np
import pytest
from questions import NEAR, PLAIN, ask, at, found, model, outcome, right

from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.belief import NORMAL_REACH, SHORT_VARIANCE
from task2vec.recommendation.prediction.fine_tuned_gain import (
    LOSS_SLOPE,
    OWN_SD,
    SHARE_SD,
    FineTunedGain,
    fine_tuned_default,
    fine_tuned_gain,
    kept_of_gain,
)


@pytest.mark.parametrize("mean", [-0.3, -0.02, 0.0, 0.05, 0.3])
@pytest.mark.parametrize("sd", [1e-9, 0.01, 0.1])
def test_the_moments_are_those_of_many_draws(mean, sd):
    gains = mean + sd * np.random.default_rng(0).normal(size=400_000)
    kept = np.where(gains > 0, kept_of_gain(50) * gains, LOSS_SLOPE * gains)
    variance = kept.var() + OWN_SD**2 + SHARE_SD**2 * np.mean(gains**2)
    expected = fine_tuned_gain(mean, sd, images=50)
    assert expected.mean == pytest.approx(kept.mean(), abs=5e-4)
    assert expected.sd == pytest.approx(sqrt(variance), rel=5e-3)


@pytest.mark.parametrize(
    ("mean", "sd", "expected"),
    [
        (0.05, 0.1, (0.020786404732672483, 0.11118501939675499)),
        (-0.3, 0.01, (-0.348, 0.12461063357514882)),
        (0.1, 0.0, (0.06266984972537518, 0.07470609078247904)),
    ],
)
def test_the_moments_stay_what_they_were_when_they_were_fitted(mean, sd, expected):
    found = fine_tuned_gain(mean, sd, images=50)
    assert (found.mean, found.sd) == pytest.approx(expected, rel=1e-12)


def test_the_more_images_the_less_of_a_gain_is_kept_but_all_of_a_loss():
    few, many = (fine_tuned_gain(0.2, 0.01, images=n).mean for n in (20, 400))
    assert 0.15 < few < 0.2
    assert 0 < many < 0.01
    lost = [fine_tuned_gain(-0.2, 0.01, images=n).mean for n in (20, 400)]
    assert lost == pytest.approx([-0.2 * LOSS_SLOPE] * 2)


def test_a_measured_fine_tuning_is_weighed_by_its_precision():
    after = FineTunedGain(0.0, 0.1).after(0.1, 0.1**2)
    assert (after.mean, after.sd) == pytest.approx((0.05, 0.1 / sqrt(2)))


def test_the_default_gains_more_by_fine_tuning_with_more_images_and_stays_below_one():
    found_ = [fine_tuned_default(0.6, images=n, reach=1.6)[0] for n in (1, 30, 300)]
    assert 0.6 < found_[0] < found_[1] < found_[2] < 0.9
    middle, low, high = fine_tuned_default(1.0, images=100, reach=1.6)
    assert low < middle < high < 1


def test_an_answer_has_both_promises_that_of_a_probe_and_that_of_fine_tuning():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(140, 200)}
    few, many = (rank(ask(zoo, measured=probes, images=n)) for n in (20, 300))
    other = found(few, "other")
    assert 0.1 < other.fine_tuned_gain < other.score
    low, high = other.fine_tuned_interval
    # Wider than that of the probe: what fine-tuning does otherwise is in it.
    assert high - low > np.diff(other.gain_interval)[0] + 0.05
    assert low < other.fine_tuned_gain < high
    assert found(many, "other").fine_tuned_gain < 0.1 * found(many, "other").score
    plain = found(few, "plain")
    assert (plain.fine_tuned_gain, plain.fine_tuned_interval) == (0, (0, 0))
    expected = fine_tuned_default(0.5, images=20, reach=NORMAL_REACH)[0]
    assert plain.fine_tuned_accuracy == pytest.approx(expected)
    assert other.fine_tuned_accuracy == pytest.approx(expected + other.fine_tuned_gain, abs=0.005)
    low, high = other.fine_tuned_accuracy_interval
    assert 0 <= low < other.fine_tuned_accuracy < high <= 1


def test_without_an_accuracy_of_the_default_there_is_none_after_fine_tuning():
    only = found(rank(ask([PLAIN])), "plain")
    assert (only.fine_tuned_accuracy, only.fine_tuned_accuracy_interval) == (None, None)


def test_a_recorded_fine_tuning_of_the_task_itself_counts_as_what_it_is():
    zoo = [PLAIN, model("other")]
    here = [outcome("plain", "here", 0.5), outcome("other", "here", 0.7)]
    tasks = at(near=NEAR)
    answer = rank(ask(zoo, tasks=tasks, outcomes=here, target="tsk-here", images=300))
    # By probes next to nothing would be expected to be left of it.
    assert found(answer, "other").fine_tuned_gain > 0.1
    # The default's recorded accuracy is one of fine-tuning already.
    assert found(answer, "plain").fine_tuned_accuracy == 0.5


def test_a_short_fine_tuning_narrows_what_is_expected_of_a_long_one():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(140, 200)}
    tuned = {"mdl-plain": right(120, 200), "mdl-other": right(120, 200)}
    without = found(rank(ask(zoo, measured=probes)), "other")
    with_it = found(rank(ask(zoo, measured=probes, tuned=tuned)), "other")
    assert with_it.fine_tuned_gain < 0.5 * without.fine_tuned_gain
    width = np.diff(with_it.fine_tuned_interval)[0]
    assert width < np.diff(without.fine_tuned_interval)[0]
    assert width < 2 * NORMAL_REACH * sqrt(SHORT_VARIANCE + 1 / 200)


def test_the_reason_names_the_gain_after_fine_tuning():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(150, 200)}
    answer = rank(ask(zoo, measured=probes, images=40))
    other = found(answer, "other")
    low, high = other.fine_tuned_interval
    assert other.fine_tuned_gain < 0.8 * other.score
    assert answer.reason == (
        f"expected gain after fine-tuning: {100 * other.fine_tuned_gain:+.1f} points "
        f"(90 % interval {100 * low:+.1f} to {100 * high:+.1f})"
    )
