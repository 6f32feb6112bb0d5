"""What right answers and errors of two models on the same images say of a gain together."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from questions import PLAIN, ask, model
from questions import found as found_in

from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.belief import SHORT_VARIANCE, Judge
from task2vec.recommendation.evidence.recipes import own_variance, split_squares
from task2vec.recommendation.measure.linear_probe import leave_one_out
from task2vec.recommendation.measure.probe_accuracy import (
    COMMON,
    ERROR_NOISE,
    ERROR_SD,
    ERROR_SLOPE,
    NOISE,
    PairedGain,
    ProbeAccuracy,
    noise_parts,
    paired_gain,
)
from task2vec.types.tuning import Recipe


def probe(correct, total, error=None):
    return ProbeAccuracy(np.arange(total) < correct, error)


def test_a_gain_and_its_noise_worked_by_hand():
    """The variance of a mean of paired differences; one won and one lost image more are added."""
    # 30 won and none lost among 40.
    found = paired_gain(probe(36, 40), probe(6, 40))
    assert (found.gain, found.images) == (0.75, 40)
    differences = np.repeat([1.0, 0.0], [30, 10])
    assert found.variance == pytest.approx(differences.var() / 40 + 2 / 40**2, rel=1e-12)


def test_without_an_error_the_right_answers_speak_alone():
    found = paired_gain(probe(60, 100), probe(50, 100, 0.5))
    assert found.lower_error is None
    gain, variance = found.with_error(classes=2)
    assert gain == found.gain == pytest.approx(0.1)
    assert variance == found.variance


def test_both_are_weighed_by_their_precisions():
    found = paired_gain(probe(60, 100, 0.3), probe(50, 100, 0.5))
    gain, variance = found.with_error(classes=5)
    error = ERROR_SD**2 + ERROR_NOISE / (100 * 5**3)
    answers, errors = 1 / (found.variance), 1 / error
    assert gain == pytest.approx(
        (answers * 0.1 + errors * ERROR_SLOPE * 0.2) / (answers + errors), rel=1e-9
    )
    assert variance == pytest.approx(1 / (answers + errors))
    assert variance < min(found.variance, error)


@pytest.mark.parametrize(("images", "share"), [(20, 0.6), (300, 0.8)])
def test_the_more_images_the_more_the_right_answers_count(images, share):
    right = images // 2
    found = paired_gain(probe(right, images, 0.3), probe(right, images, 0.5))
    gain, _ = found.with_error(classes=5)
    # The answers speak for a gain of 0, the errors for this one.
    assert (1 - gain / (ERROR_SLOPE * 0.2) > share) is (images > 100)


def test_a_lower_error_lets_a_model_be_expected_to_gain():
    zoo = [PLAIN, model("steady")]
    measured = {"mdl-plain": probe(10, 20, 0.6), "mdl-steady": probe(10, 20, 0.2)}
    judge = Judge(ask(zoo))
    told = judge.judge(probed=measured)
    untold = judge.judge(probed={id_: probe(10, 20) for id_ in measured})
    place = [record.name for record in told.offered].index("steady")
    assert told.belief.mean[place] > untold.belief.mean[place] + 0.01


def test_a_measurement_is_believed_by_its_noise():
    zoo = [PLAIN, model("steady")]
    measured = {"mdl-plain": probe(50, 100), "mdl-steady": probe(70, 100)}
    judge = Judge(ask(zoo))
    before = judge.judge(probed={})
    after = judge.judge(probed=measured)
    place = [record.name for record in after.offered].index("steady")
    assert (before.measured[place], after.measured[place]) == (False, True)
    found = paired_gain(measured["mdl-steady"], measured["mdl-plain"])
    gain, variance = found.with_error(classes=2)
    prior, mean = before.belief.sd[place] ** 2, before.belief.mean[place]
    noise = NOISE * variance
    assert after.belief.mean[place] == pytest.approx(
        mean + prior / (prior + noise) * (gain - mean), abs=2e-4
    )
    assert after.belief.sd[place] ** 2 == pytest.approx(prior * noise / (prior + noise), rel=5e-3)


def test_noise_has_a_part_of_its_own_and_one_that_all_models_share():
    own, common = noise_parts(0.01)
    assert own + common**2 == pytest.approx(NOISE * 0.01)
    assert common**2 == pytest.approx(COMMON * NOISE * 0.01)


def test_a_short_fine_tuning_is_believed_more_than_a_probe_of_the_same_noise():
    zoo = [PLAIN, model("steady")]
    measured = {"mdl-plain": probe(50, 100), "mdl-steady": probe(70, 100)}
    judge = Judge(ask(zoo))
    place = [record.name for record in judge.offered].index("steady")
    probed = judge.judge(probed=measured).belief
    tuned = judge.judge(probed={}, tuned=measured).belief
    assert tuned.mean[place] > probed.mean[place] + 0.02
    # With nothing expected beforehand beyond 0 this is the mean of both by their precisions, as if
    # what was expected were less sure by what a probe misses.
    doubt = judge.judge(probed={}).belief.sd[place] ** 2
    own = own_variance(
        Recipe.ALL_LAYERS,
        *split_squares(0, sqrt(doubt)),
        images=judge.question.training,
        accuracy=None,
    )
    prior = doubt + own
    found = paired_gain(measured["mdl-steady"], measured["mdl-plain"])
    noise = found.variance + SHORT_VARIANCE
    assert tuned.mean[place] == pytest.approx(prior / (prior + noise) * found.gain, abs=2e-3)


@pytest.mark.parametrize("images", [4, 10, 16])
def test_errors_on_a_few_images_of_random_labels_are_known_to_be_noise(images):
    """Labels that nothing tells of: gains by errors stay within what is said of them."""
    rng = np.random.default_rng(images)
    labels = np.arange(images) % 2
    # Features of networks have a few strong directions and many weak ones, and much in common: so
    # errors of real ones differ by as much as these.
    spread = np.arange(1, 201) ** -0.7
    off = []
    for _ in range(200):
        common, *own = rng.normal(size=(3, images, 200))
        features = [(common + 0.3 * each) * spread for each in own]
        errors = [leave_one_out(each, labels, classes=2).error for each in features]
        right = [probe(images // 2, images, error) for error in errors]
        # As if right answers said nothing.
        found = replace(paired_gain(*right), variance=1e9)
        gain, variance = found.with_error(classes=2)
        off.append(gain / variance**0.5)
    assert np.std(off) < 1


def test_a_gain_of_nothing_on_no_images_is_no_gain():
    assert PairedGain(0.0, 0.01, 0, 0.0).with_error(classes=2)[0] == 0


def test_the_evidence_tells_both_errors_and_what_they_speak_for_with_the_answers():
    """So nobody wonders at a score above the gain in right answers."""
    zoo = [PLAIN, model("steady")]
    measured = {"plain": probe(10, 20, 0.6), "steady": probe(10, 20, 0.2)}
    steady = found_in(rank(ask(zoo, measured=measured)), "steady")
    told = steady.evidence[-1]
    assert "squared error of its predictions is 0.20 (the default's: 0.60)" in told.text
    assert (told.error, told.default_error) == (0.2, 0.6)
    assert told.gain == 0 < steady.score < told.combined_gain
    assert f"both together count as {100 * told.combined_gain:+.1f} points" in told.text
    without = {name: probe(10, 20) for name in measured}
    told = found_in(rank(ask(zoo, measured=without)), "steady").evidence[-1]
    assert told.combined_gain is None
    assert "count as" not in told.text
