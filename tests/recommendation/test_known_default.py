"""The default's accuracy on the target itself: its outcomes there come before what foretells it."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from factories import replace
from questions import NEAR, PLAIN, ask, at, by_probe, found, model, outcome, right

from task2vec.messages.explanations import DefaultAccuracy
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.prediction.intervals import LEVEL
from task2vec.recommendation.prediction.new_images import on_new_images

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)
ELSEWHERE = [f"t{i}" for i in range(8)]


def known_here(*here, measured=None):
    """A question about ``here``, with outcomes of the default of 95 % on each of eight others."""
    elsewhere = [outcome("plain", task, 0.95) for task in ELSEWHERE]
    return ask(
        [PLAIN, model("other")],
        tasks=at(**dict.fromkeys(ELSEWHERE, NEAR)),
        outcomes=[*elsewhere, *here],
        measured=measured,
        target="tsk-here",
        explain=True,
    )


def on(images, accuracy=0.5, **known):
    return replace(outcome("plain", "here", accuracy), images=images, **known)


def test_what_the_default_reached_on_the_task_is_what_is_predicted():
    answer = rank(known_here(on(400)))
    plain, other = found(answer, "plain"), found(answer, "other")
    assert by_probe(plain).accuracy == 0.5
    half = Z * sqrt(0.25 / 400)
    assert by_probe(plain).accuracy_interval == pytest.approx((0.5 - half, 0.5 + half))
    # A model whose gain is not known is as the default, give or take its gain.
    assert by_probe(other).accuracy == 0.5 + other.score
    wider = Z * sqrt(0.25 / 400 + other.score_sd**2)
    assert by_probe(other).accuracy_interval == pytest.approx((0.5 - wider, 0.5 + wider))
    assert answer.explanation.default.known_by == "outcomes"
    assert DefaultAccuracy.model_validate(answer.explanation.default).known_by == "outcomes"


def test_how_well_gains_are_foretold_elsewhere_does_not_count_for_what_was_measured():
    tasks = [f"t{i}" for i in range(12)]
    outcomes = [outcome("plain", task, 0.95) for task in tasks]
    outcomes += [outcome("other", task, 0.9) for task in tasks]
    answer = rank(
        ask(
            [PLAIN, model("other")],
            tasks=at(**dict.fromkeys(tasks, 0.5)),
            outcomes=[*outcomes, on(400)],
            target="tsk-here",
        )
    )
    assert answer.calibrated
    low, high = by_probe(found(answer, "other")).gain_interval
    assert (high - low) / 2 < 0.5 * Z * found(answer, "other").score_sd
    low, high = by_probe(found(answer, "plain")).accuracy_interval
    assert (high - low) / 2 == pytest.approx(Z * sqrt(0.25 / 400))


def test_an_outcome_says_more_than_a_linear_probe():
    answer = rank(known_here(on(400), measured={"plain": right(70, 100)}))
    assert by_probe(found(answer, "plain")).accuracy == 0.5
    asked = known_here(measured={"plain": right(70, 100)})
    probed = rank(asked)
    new = on_new_images(0.7, tested=100, images=asked.training, classes=asked.classes, reach=Z)
    assert by_probe(found(probed, "plain")).accuracy == pytest.approx(new.accuracy)
    assert probed.explanation.default.known_by == "linear_probe"


def test_an_outcome_by_a_protocol_of_its_own_is_no_accuracy_by_that_of_the_others():
    answer = rank(known_here(on(400, protocol="another")))
    assert by_probe(found(answer, "plain")).accuracy > 0.9
    assert answer.explanation.default.known_by == "other_tasks"


def test_repeats_that_differ_are_as_doubtful_as_they_differ():
    seeds = [on(10**6, accuracy, seed=i) for i, accuracy in enumerate((0.3, 0.5, 0.7))]
    low, high = by_probe(found(rank(known_here(*seeds)), "plain")).accuracy_interval
    assert (high - low) / 2 == pytest.approx(Z * np.std([0.3, 0.5, 0.7], ddof=1) / sqrt(3))


def test_an_outcome_that_was_recorded_again_is_one_measurement():
    once = rank(known_here(on(400)))
    again = rank(known_here(*[on(400, id=f"out-{i}", created=f"{i}") for i in range(10)]))
    assert (
        by_probe(found(again, "plain")).accuracy_interval
        == by_probe(found(once, "plain")).accuracy_interval
    )
    seeds = rank(known_here(*[on(400, seed=i) for i in range(10)]))
    width = np.diff(by_probe(found(seeds, "plain")).accuracy_interval) / np.diff(
        by_probe(found(once, "plain")).accuracy_interval
    )
    assert width == pytest.approx(1 / sqrt(10))


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"images": 200}, {"accuracy": 0.6}, {"interval": (0.4, 0.6)}],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_in_anything_measured_is_a_repeat(other):
    plain = replace(outcome("plain", "t0", 0.5), images=100)
    measured = replace(plain, model="mdl-expert")

    def variance(*outcomes):
        return GainTable([plain, *outcomes], "mdl-plain").of("mdl-expert", "tsk-t0")[0].variance

    assert variance(measured, replace(measured, id="again")) == variance(measured)
    assert variance(measured, replace(measured, **other)) != variance(measured)
