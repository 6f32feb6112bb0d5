"""What a recipe gives: expected from a probe's gain, and what training itself has shown."""

from math import sqrt

import numpy as np
import pytest
from questions import NEAR, PLAIN, ask, at, found, model, outcome, right
from scipy.stats import norm

from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.belief import SHORT_VARIANCE
from task2vec.recommendation.evidence.recipes import (
    BORNE_OUT,
    FOLLOWS,
    OWN_IMAGES,
    PROTOCOL_SD,
    USUAL_SD,
    RecipeGain,
    error_as_probed,
    images_of,
    moved,
    recipe_gain,
    recipe_of,
    room,
)
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.types.tuning import RECIPES, Recipe

ALL = Recipe.ALL_LAYERS
TRAINING = [Recipe.LAST_STAGE, Recipe.ALL_LAYERS]


def followed(recipe, gains, images):
    follows = FOLLOWS[recipe]
    return np.where(gains > 0, np.exp(-images / follows.fades) * gains, follows.loss * gains)


def own(recipe, gains, images, accuracy):
    """The variances of what no probe tells."""
    follows = FOLLOWS[recipe]
    share = np.where(gains > 0, follows.share_of_gain, follows.share_of_loss)
    return follows.own**2 * room(accuracy) * OWN_IMAGES / images + np.square(share * gains)


@pytest.mark.parametrize("recipe", TRAINING)
@pytest.mark.parametrize("mean", [-0.3, -0.02, 0.0, 0.05, 0.3])
@pytest.mark.parametrize("sd", [1e-9, 0.01, 0.1])
def test_the_moments_are_those_of_many_draws(recipe, mean, sd):
    gains = mean + sd * np.random.default_rng(0).normal(size=400_000)
    kept = followed(recipe, gains, 80)
    base = moved(0.7, known_by=Recipe.LINEAR_PROBE, to=recipe, images=80).accuracy
    variance = kept.var() + np.mean(own(recipe, gains, 80, base))
    expected = recipe_gain(recipe, mean, sd, images=80, base=0.7)
    assert expected.mean == pytest.approx(kept.mean(), abs=5e-4)
    assert expected.sd == pytest.approx(sqrt(variance), rel=5e-3)


@pytest.mark.parametrize("recipe", TRAINING)
def test_the_more_images_the_less_of_a_gain_is_kept_but_all_of_a_loss(recipe):
    few, many = (recipe_gain(recipe, 0.2, 0.01, images=n).mean for n in (20, 600))
    assert 0.1 < few < 0.2
    assert 0 < many < 0.02
    lost = [recipe_gain(recipe, -0.2, 0.01, images=n).mean for n in (20, 600)]
    assert lost == pytest.approx([-0.2 * FOLLOWS[recipe].loss] * 2)


def test_a_linear_probe_gives_what_linear_probes_give():
    assert recipe_gain(Recipe.LINEAR_PROBE, 0.1, 0.05, images=50) == RecipeGain(0.1, 0.05)


@pytest.mark.parametrize("recipe", TRAINING)
@pytest.mark.parametrize("images", [20, 100, 400])
def test_the_error_of_a_recipe_is_how_far_it_is_from_usual_probes(recipe, images):
    rng = np.random.default_rng(1)
    gains = USUAL_SD * rng.normal(size=400_000)
    doubt = np.sqrt(own(recipe, gains, images, 0.8))
    trained = followed(recipe, gains, images) + doubt * rng.normal(size=gains.size)
    error = error_as_probed(recipe, images=images, accuracy=0.8)
    assert error == pytest.approx(np.mean(np.square(trained - gains)), rel=0.02)


def test_gains_of_many_images_say_less_and_those_of_probes_most():
    errors = [error_as_probed(ALL, images=n, accuracy=0.8) for n in (50, 100, 1000)]
    assert errors == sorted(errors)
    assert error_as_probed(ALL, images=None, accuracy=0.8) > errors[1]
    assert error_as_probed(Recipe.LINEAR_PROBE, images=10, accuracy=0.8) == PROTOCOL_SD**2


def test_of_two_recorded_gains_the_larger_counts_for_more():
    zoo = [PLAIN, model("good"), model("better")]
    gains = (("plain", 0.4), ("good", 0.7), ("better", 0.85))
    there = [outcome(name, "near", accuracy, "fine-tuning") for name, accuracy in gains]
    answer = rank(ask(zoo, tasks=at(near=NEAR), outcomes=there))
    assert found(answer, "better").score > found(answer, "good").score > 0


def test_a_measured_training_is_weighed_by_its_precision():
    after = RecipeGain(0.0, 0.1).after(0.1, 0.1**2)
    assert (after.mean, after.sd) == pytest.approx((0.05, 0.1 / sqrt(2)))


@pytest.mark.parametrize("recipe", TRAINING)
def test_the_default_gains_more_by_training_with_more_images_and_stays_below_one(recipe):
    def trained(accuracy, images):
        return moved(accuracy, known_by=Recipe.LINEAR_PROBE, to=recipe, images=images, reach=1.6)

    found_ = [trained(0.6, n).accuracy for n in (1, 30, 300)]
    assert 0.6 < found_[0] < found_[1] < found_[2] < 0.9
    best = trained(1.0, 100)
    assert best.low < best.accuracy < best.high < 1
    back = moved(found_[2], known_by=recipe, to=Recipe.LINEAR_PROBE, images=300)
    assert back.accuracy == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("protocol", "recipe", "images"),
    [
        ("fine-tuning/3 96px 320 images seed 0", ALL, 320),
        ("linear probe", Recipe.LINEAR_PROBE, None),
        ("Linear, 5 images", Recipe.LINEAR_PROBE, 5),
        ("probing, 30 images", Recipe.LINEAR_PROBE, 30),
        ("frozen features", Recipe.LINEAR_PROBE, None),
        ("last-stage 200 images", Recipe.LAST_STAGE, 200),
        ("last_stage", Recipe.LAST_STAGE, None),
        ("ours", ALL, None),
        ("5 images per class", ALL, None),
        ("0 images", ALL, 1),
    ],
)
def test_the_name_of_a_protocol_tells_recipe_and_images(protocol, recipe, images):
    assert (recipe_of(protocol), images_of(protocol)) == (recipe, images)


def test_an_answer_has_a_plan_for_each_recipe():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(140, 200)}
    few, many = (rank(ask(zoo, measured=probes, images=n)) for n in (20, 600))
    other = found(few, "other")
    assert [plan.recipe for plan in other.plans] == list(RECIPES)
    assert (few.recipe, many.recipe) == (ALL, ALL)
    plainly = found(few, "plain").plan(Recipe.LINEAR_PROBE).accuracy
    probed, trained = other.plan(Recipe.LINEAR_PROBE), other.plan(ALL)
    assert probed.gain == other.score
    # Of what the probe leads to expect, the share that trainings have borne out.
    led = recipe_gain(ALL, other.score, other.score_sd, images=15, base=plainly)
    assert trained.gain == pytest.approx(BORNE_OUT * led.mean)
    low, high = trained.gain_interval
    # Wider than that of the probe: what training does otherwise is in it.
    assert high - low > np.diff(probed.gain_interval)[0] + 0.05
    assert low < trained.gain < high
    assert found(many, "other").plan(ALL).gain < 0.1 * found(many, "other").score
    plain = found(few, "plain").plan(ALL)
    assert (plain.gain, plain.gain_interval) == (0, (0, 0))
    expected = moved(plainly, known_by=Recipe.LINEAR_PROBE, to=ALL, images=15).accuracy
    assert plain.accuracy == pytest.approx(expected)
    assert trained.accuracy == pytest.approx(expected + trained.gain, abs=0.02)
    low, high = trained.accuracy_interval
    assert 0 <= low < trained.accuracy < high <= 1


def test_a_loss_is_borne_out_whole():
    assert RecipeGain(0.1, 0.05).borne_out() == RecipeGain(BORNE_OUT * 0.1, 0.05)
    assert RecipeGain(-0.1, 0.05).borne_out() == RecipeGain(-0.1, 0.05)


def test_without_an_accuracy_of_the_default_no_recipe_has_one():
    for plan in found(rank(ask([PLAIN])), "plain").plans:
        assert (plan.accuracy, plan.accuracy_interval) == (None, None)


def test_a_recorded_training_of_the_task_itself_counts_as_what_it_is():
    zoo = [PLAIN, model("other")]
    here = [outcome(name, "here", a, "fine-tuning") for name, a in (("plain", 0.5), ("other", 0.7))]
    answer = rank(ask(zoo, tasks=at(near=NEAR), outcomes=here, target="tsk-here", images=300))
    # By probes next to nothing would be expected to be left of it.
    assert found(answer, "other").plan(ALL).gain > 0.1
    # The default's recorded accuracy is one of training all layers already.
    assert found(answer, "plain").plan(ALL).accuracy == 0.5
    assert found(answer, "plain").plan(Recipe.LINEAR_PROBE).accuracy < 0.4


def test_a_recorded_linear_probe_is_one():
    here = [outcome("plain", "here", 0.5, "linear probe")]
    answer = rank(ask([PLAIN], tasks=at(near=NEAR), outcomes=here, target="tsk-here", images=300))
    assert found(answer, "plain").plan(Recipe.LINEAR_PROBE).accuracy == 0.5
    assert found(answer, "plain").plan(ALL).accuracy > 0.6


def test_a_short_fine_tuning_narrows_what_is_expected_of_a_long_one():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(140, 200)}
    tuned = {"mdl-plain": right(120, 200), "mdl-other": right(120, 200)}
    without = found(rank(ask(zoo, measured=probes)), "other").plan(ALL)
    with_it = found(rank(ask(zoo, measured=probes, tuned=tuned)), "other").plan(ALL)
    assert with_it.gain < 0.5 * without.gain
    width = np.diff(with_it.gain_interval)[0]
    assert width < np.diff(without.gain_interval)[0]
    assert width < 2 * NORMAL_REACH * sqrt(SHORT_VARIANCE + 1 / 200)


def test_the_reason_names_the_gain_by_the_recipe():
    zoo = [PLAIN, model("other")]
    probes = {"plain": right(100, 200), "other": right(150, 200)}
    answer = rank(ask(zoo, measured=probes, images=40))
    plan = found(answer, "other").plan(answer.recipe)
    low, high = plan.gain_interval
    assert plan.gain < 0.8 * found(answer, "other").score
    assert answer.reason == (
        f"expected gain over the default, with all layers trained: {100 * plan.gain:+.1f} points "
        f"(90 % interval {100 * low:+.1f} to {100 * high:+.1f})"
    )


@pytest.mark.parametrize(("images", "recipe"), [(1, Recipe.LINEAR_PROBE), (300, ALL)])
def test_the_cheapest_recipe_is_taken_that_is_nearly_as_accurate_as_the_best(images, recipe):
    answer = rank(ask([PLAIN], measured={"plain": right(100, 200)}, images=images))
    assert answer.recipe is recipe


def test_the_interval_of_a_default_is_that_of_its_log_odds():
    lifted = moved(0.6, known_by=Recipe.LINEAR_PROBE, to=ALL, images=300, reach=1.5)
    odds = np.log(np.array([lifted.low, lifted.high]) / (1 - np.array([lifted.low, lifted.high])))
    assert np.diff(odds)[0] == pytest.approx(3 * FOLLOWS[ALL].lift_sd)
    assert norm.cdf(1.5) > 0.9
