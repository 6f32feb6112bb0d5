"""Which starting model is chosen, when none is, and whether the numbers are the gain model's."""

from itertools import permutations

import numpy as np
import pytest
from factories import replace
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import (
    FAR,
    GARDEN,
    NEAR,
    PLAIN,
    REACH,
    apart,
    ask,
    at,
    by_probe,
    by_training,
    found,
    kinds,
    model,
    names,
    outcome,
    right,
)

from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.question import KnownTask, world_of
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.world import PLAIN_DOUBT
from task2vec.recommendation.gain_model.fit import fit_gain_model
from task2vec.recommendation.gain_model.kernel import FAR as FAR_GAIN
from task2vec.recommendation.gain_model.kernel import Cells
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.recommendation.prediction.new_images import on_new_images
from task2vec.recommendation.rankers import TRUST
from task2vec.types.tuning import Recipe


def test_a_fresh_store_takes_the_default():
    answer = rank(ask([PLAIN]))
    assert answer.abstained
    assert answer.chosen == "plain"
    assert names(answer) == ["plain"]
    (only,) = answer.recommendations
    assert (only.score, only.score_sd, by_probe(only).gain_interval) == (0, 0, (0, 0))
    assert (by_probe(only).accuracy, by_probe(only).accuracy_interval) == (None, None)
    assert kinds(only) == [EvidenceKind.NONE]
    assert "plain" in answer.reason
    assert not answer.calibrated
    assert answer.evidence_summary.startswith(
        "This answer uses 0 known tasks, 0 experts, 0 measured gains over the default and "
        "0 models probed on your images."
    )


def test_models_without_any_evidence_do_not_displace_the_default():
    # By name, "another" comes before "plain", and both gain 0.
    answer = rank(ask([model("another"), PLAIN]))
    assert answer.abstained
    assert answer.chosen == "plain"
    assert names(answer) == ["plain", "another"]
    assert found(answer, "another").score == 0
    assert found(answer, "another").score_sd > PLAIN_DOUBT
    assert "nothing is known" in found(answer, "another").evidence[0].text


def test_a_near_expert_with_outcomes_is_recommended():
    answer = rank(GARDEN)
    assert not answer.abstained
    assert answer.chosen == "rose-expert"
    assert names(answer) == ["rose-expert", "plain", "car-expert"]
    best = answer.recommendations[0]
    assert 0.1 < best.score < 0.2
    assert best.score > TRUST * best.score_sd
    assert f"with all layers trained: {100 * by_training(best).gain:+.1f} points" in answer.reason
    low, high = by_training(best).gain_interval
    assert f"interval {100 * low:+.1f} to {100 * high:+.1f}" in answer.reason


def test_the_scores_are_what_the_gain_model_believes():
    world = world_of(GARDEN)
    assert world.tasks == ("roses", "tulips", "cars", "this task")
    belief = fit_gain_model(world).believe(Cells(np.array([1, 2]), np.array([3, 3])))
    answer = rank(GARDEN)
    for name, mean, sd in zip(("car-expert", "rose-expert"), belief.mean, belief.sd, strict=True):
        judged = found(answer, name)
        assert (judged.score, judged.score_sd) == pytest.approx((mean, sd))


def test_gains_measured_on_near_tasks_move_all_experts_alike():
    lucky = [
        *(outcome("plain", task, 0.5) for task in "ab"),
        *(outcome(f"{task}-expert", other, 0.9) for task, other in ("ab", "ba")),
    ]
    models = [PLAIN, *(model(f"{task}-expert", task) for task in "abc")]
    tasks = at(a=2 * REACH, b=2.1 * REACH, c=2.05 * REACH)
    before, after = (rank(ask(models, tasks=tasks, outcomes=o)) for o in ([], lucky))
    # The expert of c was never tried; but experts lose less here than was thought.
    assert found(after, "c-expert").score > found(before, "c-expert").score + 0.01


def test_a_far_expert_is_no_reason_to_leave_the_default():
    answer = rank(ask([PLAIN, model("car-expert", "cars")], tasks=at(cars=FAR)))
    assert answer.abstained
    assert answer.chosen == "plain"
    far = found(answer, "car-expert")
    assert far.score == pytest.approx(FAR_GAIN, abs=1e-3)
    assert "not near" in far.evidence[0].text
    assert "which is too far to say much" in answer.evidence_summary


def test_the_nearer_source_makes_the_better_expert():
    answer = rank(
        ask(
            [PLAIN, *(model(f"{task}-expert", task) for task in "abc")],
            tasks=at(a=0.8 * REACH, b=0.1 * REACH, c=0.4 * REACH),
        )
    )
    experts = [name for name in names(answer) if name != "plain"]
    assert experts == ["b-expert", "c-expert", "a-expert"]


def test_outcomes_that_disappoint_on_near_tasks_speak_against_a_near_expert():
    bad = ask(
        [PLAIN, model("rose-expert", "roses")],
        tasks=at(roses=NEAR),
        outcomes=[outcome("plain", "roses", 0.8), outcome("rose-expert", "roses", 0.6)],
    )
    answer = rank(bad)
    assert answer.abstained
    assert names(answer) == ["plain", "rose-expert"]
    assert found(answer, "rose-expert").score < 0
    # With nothing expected above the default, no other model is named as nearly as good.
    assert "rose-expert" not in answer.reason


def test_the_k_best_experts_are_told_of():
    tasks = {
        "tsk-a": KnownTask("a", 0.10, 0.09),
        "tsk-b": KnownTask("b", 0.12, 0.05),
        "tsk-c": KnownTask("c", 0.14, 0.02),
    }
    experts = [model(f"{task}-expert", task) for task in "abc"]
    plainer = model("other")

    def told(k):
        return set(names(rank(ask([PLAIN, plainer, *experts], tasks=tasks, k=k))))

    assert told(1) == {"plain", "other", "a-expert"}
    assert told(2) == {"plain", "other", "a-expert", "b-expert"}
    assert told(9) == {"plain", "other", "a-expert", "b-expert", "c-expert"}


@pytest.mark.parametrize("kind", ["measured", "tuned"])
@pytest.mark.parametrize("source", ["cars", "strange"])
def test_an_expert_measured_on_the_own_images_is_offered_whatever_its_source(kind, source):
    """Though its task is far, or not known, and the answer shows one expert more at most."""
    zoo = [PLAIN, model("my-expert", source), model("rose-expert", "roses")]
    asked = ask(zoo, tasks=at(roses=NEAR, cars=FAR), k=1)
    assert "my-expert" not in names(rank(asked))
    found_ = {"mdl-plain": right(60, 100), "mdl-my-expert": right(90, 100)}
    answer = rank(replace(asked, **{kind: found_}))
    assert set(names(answer)) == {"plain", "my-expert", "rose-expert"}
    probed = EvidenceKind.LINEAR_PROBE if kind == "measured" else EvidenceKind.FINE_TUNING
    assert probed in kinds(found(answer, "my-expert"))
    assert (answer.chosen, answer.probed) == ("my-expert", 2 * (kind == "measured"))


def test_an_expert_that_gained_on_the_task_itself_is_taken_however_far_its_source():
    """Though more experts lie nearer than the answer shows."""
    near = {f"near{i}": NEAR + 0.01 * i for i in range(6)}
    zoo = [PLAIN, model("far-expert", "far"), *(model(f"{name}-expert", name) for name in near)]
    outcomes = [outcome("plain", "mine", 0.5), outcome("far-expert", "mine", 0.7)]
    asked = ask(zoo, tasks=at(far=FAR, **near), outcomes=outcomes, target="tsk-mine", k=1)
    answer = rank(asked)
    assert answer.chosen == "far-expert"
    assert len(answer.recommendations) == 2
    nearest_only = rank(replace(asked, gains=GainTable([], "mdl-plain")))
    assert "far-expert" not in names(nearest_only)


def test_models_that_may_not_be_taken_still_tell():
    outcomes = [outcome("plain", "a", 0.5), outcome("big", "a", 0.9)]
    small = model("small", "a")
    asked = ask([PLAIN, small], tasks=at(a=NEAR), outcomes=outcomes, others=[model("big", "a")])
    assert names(rank(asked)) == ["small", "plain"]
    alone = rank(replace(asked, others=()))
    assert found(rank(asked), "small").score > found(alone, "small").score + 0.01


def test_a_clearly_better_linear_probe_is_recommended():
    answer = rank(
        ask([PLAIN, model("other")], measured={"plain": right(120, 200), "other": right(160, 200)})
    )
    assert not answer.abstained
    assert answer.chosen == "other"
    best = answer.recommendations[0]
    assert 0.1 < best.score < 0.2
    assert best.score_sd < 0.05
    (evidence,) = best.evidence
    assert evidence.kind == EvidenceKind.LINEAR_PROBE
    assert evidence.gain == pytest.approx(0.2)
    for number in ("200 of your images", "80.0 %", "75.0 to 84.2", "+20.0 points"):
        assert number in evidence.text


def test_the_interval_of_a_probed_default_is_that_of_its_own_noise():
    """However far gains elsewhere were from what was expected of them."""
    names_ = "abcdefghijkl"
    tasks = at(**{name: 2 + 0.1 * place for place, name in enumerate(names_)})
    gains = [0.3 if i % 3 == 0 else -0.05 for i in range(len(names_))]
    outcomes = [outcome("plain", name, 0.6) for name in names_]
    outcomes += [
        outcome("other", name, 0.6 + gain) for name, gain in zip(names_, gains, strict=True)
    ]
    zoo = [PLAIN, model("other")]
    asked = ask(zoo, tasks=tasks, outcomes=outcomes, measured={"plain": right(80, 100)})
    answer = rank(asked)
    low, high = by_probe(found(answer, "plain")).accuracy_interval
    assert answer.calibrated
    new = on_new_images(0.8, tested=100, images=asked.training, classes=2, reach=NORMAL_REACH)
    assert (low, high) == pytest.approx((new.low, new.high), abs=1e-4)
    # While the gain of another reaches as far as what gains were off elsewhere.
    other = found(answer, "other")
    assert by_probe(other).gain_interval[1] - by_probe(other).gain_interval[0] != pytest.approx(
        2 * 1.645 * other.score_sd, rel=0.05
    )


def test_an_untried_expert_does_not_hide_a_measured_model():
    # The nearer to its reach, the more an expert may gain, and the less sure that is.
    expert = model("expert", "roses")
    for nearness in np.linspace(0.05, 2, 100):
        tasks = at(roses=nearness * REACH)
        alone = found(rank(ask([PLAIN, expert], tasks=tasks)), "expert")
        if alone.score <= TRUST * alone.score_sd:
            break
    outcomes = [outcome("plain", "mine", 0.7), outcome("other", "mine", 0.7 + 0.9 * alone.score)]
    known = {"tasks": tasks, "outcomes": outcomes, "target": "tsk-mine"}
    zoo = [PLAIN, expert, model("other")]
    # Of training all layers too little is known to go by so small a gain.
    assert rank(ask(zoo, **known)).abstained
    answer = rank(ask(zoo, recipes=(Recipe.LINEAR_PROBE,), **known))
    assert found(answer, "expert").score > found(answer, "other").score
    assert not answer.abstained
    assert names(answer)[0] == answer.chosen == "other"


def test_a_linear_probe_within_its_noise_is_no_reason():
    # One image of thirty, and on other images as many lost as won but one.
    better = right(20, 30)
    better.correct[:5] = False
    better.correct[20:26] = True
    answer = rank(ask([PLAIN, model("other")], measured={"plain": right(20, 30), "other": better}))
    assert answer.abstained
    assert answer.chosen == "plain"
    # The answer is first, though the other is expected to gain.
    assert names(answer) == ["plain", "other"]
    other = answer.recommendations[1]
    assert 0 < other.score <= TRUST * other.score_sd
    assert "the default, plain, and other tie" in answer.reason


def test_equal_answers_on_few_images_do_not_prove_equality():
    def doubt(count):
        probes = {"plain": right(count // 2, count), "other": right(count // 2, count)}
        return found(rank(ask([PLAIN, model("other")], measured=probes)), "other").score_sd

    unknown = found(rank(ask([PLAIN, model("other")])), "other").score_sd
    assert unknown > doubt(10) > doubt(40) > doubt(1000) > 0


def test_a_probe_says_nothing_without_the_default_to_compare_with():
    answer = rank(ask([PLAIN, model("other")], measured={"other": right(99, 100)}))
    assert answer.abstained
    assert found(answer, "other").score == 0
    assert by_probe(found(answer, "other")).accuracy is None


def test_outcomes_on_the_target_itself_count_most():
    outcomes = [outcome("plain", "mine", 0.50), outcome("other", "mine", 0.70)]
    models = [PLAIN, model("other")]
    answer = rank(ask(models, outcomes=outcomes, target="tsk-mine"))
    assert answer.chosen == "other"
    best = answer.recommendations[0]
    assert 0.15 < best.score < 0.2
    (evidence,) = best.evidence
    assert evidence.text.startswith("gained +20.0 points on this task, which moves the")
    assert (evidence.kind, evidence.distance) == (EvidenceKind.OUTCOME, 0)
    assert evidence.moved == pytest.approx(best.score)
    # The same outcomes on a task that is not the target's are no evidence.
    assert rank(ask(models, outcomes=outcomes)).abstained


@pytest.mark.parametrize("gain", [0.15, -0.15])
def test_without_the_default_among_the_models_the_best_of_the_rest_is_taken(gain):
    asked = ask(
        [model("other"), model("rose-expert", "roses")],
        tasks=at(roses=NEAR),
        outcomes=[
            outcome("plain", "roses", 0.8),
            outcome("rose-expert", "roses", 0.3),
            outcome("other", "roses", 0.8 + gain),
        ],
        measured={"plain": right(80, 100)},
    )
    answer = rank(asked)
    assert not answer.abstained
    assert answer.chosen == "other" == names(answer)[0]
    best = answer.recommendations[0]
    assert f"with all layers trained: {100 * by_training(best).gain:+.1f} points" in answer.reason
    assert answer.reason.endswith("; the default does not pass the limits")
    assert answer.baselines[0].model is None
    # The default is still what the prediction builds on.
    default = on_new_images(0.8, tested=100, images=asked.training, classes=2, reach=1.0)
    expected = default.accuracy + by_probe(best).gain
    assert by_probe(best).accuracy == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("accuracy", [0.06, 0.94])
def test_the_interval_of_a_foretold_default_is_even_in_log_odds(accuracy):
    """So of a default that is mostly right, it reaches farther down than up."""
    tasks = at(**{name: 0.2 + 0.1 * place for place, name in enumerate("abcdefgh")})
    outcomes = [outcome("plain", name, accuracy) for name in "abcdefgh"]
    (only,) = rank(ask([PLAIN], tasks=tasks, outcomes=outcomes)).recommendations
    low, middle, high = (
        np.log(p / (1 - p))
        for p in (
            by_probe(only).accuracy_interval[0],
            by_probe(only).accuracy,
            by_probe(only).accuracy_interval[1],
        )
    )
    assert high - middle == pytest.approx(middle - low, rel=1e-6)
    assert high - low > 0.5


def test_no_models_at_all():
    answer = rank(ask([], tasks=at(roses=NEAR)))
    assert answer.abstained
    assert answer.chosen == ""
    assert answer.recommendations == ()
    assert answer.reason == "no starting model passes the limits"
    assert [baseline.model for baseline in answer.baselines] == [None] * 3


def test_the_order_of_what_is_given_does_not_matter():
    expected = rank(GARDEN)
    for models in permutations([*GARDEN.models]):
        answer = rank(replace(GARDEN, models=models))
        assert answer == expected
    backwards = dict(reversed(GARDEN.tasks.items()))
    answer = rank(replace(GARDEN, tasks=backwards, between=apart(backwards)))
    assert names(answer) == names(expected)
    for one, other in zip(answer.recommendations, expected.recommendations, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-4)


def test_equal_scores_are_ordered_by_name():
    for others in permutations(map(model, ("zeta", "alpha", "my"))):
        assert names(rank(ask([*others, PLAIN]))) == ["plain", "alpha", "my", "zeta"]


@settings(deadline=None, max_examples=40)
@given(
    scores=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    nearness=st.floats(0, 3 * REACH),
    plain=st.integers(0, 30),
)
def test_predictions_are_the_default_and_the_gain_within_bounds(scores, nearness, plain):
    probes = {f"m{i}": right(score, 30) for i, score in enumerate(scores)}
    asked = ask(
        [PLAIN, model("expert", "roses"), *map(model, probes)],
        tasks=at(roses=nearness),
        measured={"plain": right(plain, 30), **probes},
    )
    answer = rank(asked)
    new = on_new_images(plain / 30, tested=30, images=asked.training, classes=2, reach=NORMAL_REACH)
    for judged in answer.recommendations:
        low, high = by_probe(judged).accuracy_interval
        expected = min(max(new.accuracy + by_probe(judged).gain, 0), 1)
        # Near 1 it is less and near 0 more, since no accuracy is beyond: a normal cut at its mean
        # moves by 0.4 deviations, and half of an interval that is cut itself is a narrow deviation.
        sd = np.hypot(judged.score_sd, (new.high - new.low) / (2 * NORMAL_REACH))
        assert abs(by_probe(judged).accuracy - expected) <= 0.5 * sd + 1e-9
        assert by_probe(judged).accuracy < 1 or judged.score == 0
        assert 0 <= low <= by_probe(judged).accuracy <= high <= 1
        assert high > low
        assert (
            by_probe(judged).gain_interval[0] <= judged.score <= by_probe(judged).gain_interval[1]
        )
    # Best first, but for what comes first as the answer.
    rest = [judged.score for judged in answer.recommendations[1:]]
    assert rest == sorted(rest, reverse=True)
    assert names(answer)[0] == answer.chosen
    assert answer.abstained == (answer.chosen == "plain")
    if not answer.abstained:
        best = answer.recommendations[0]
        assert best.score > TRUST * best.score_sd
