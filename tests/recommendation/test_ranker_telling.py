"""What an answer of the ranker tells: intervals, evidence, its summary, its JSON."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from factories import replace
from questions import FAR, GARDEN, NEAR, PLAIN, ask, at, by_probe, found, model, outcome, right

from task2vec.messages.recommendations import EvidenceKind, StepKind, Untried
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.evidence_text import next_budget, out_of_time
from task2vec.recommendation.answer.question import KnownTask
from task2vec.recommendation.prediction.intervals import LEVEL
from task2vec.recommendation.prediction.new_images import on_new_images
from task2vec.types.tuning import Recipe

Z = NormalDist().inv_cdf((1 + LEVEL) / 2)


def test_the_interval_widens_with_the_doubt_of_the_gain():
    answer = rank(ask([PLAIN, model("other")], measured={"plain": right(60, 100)}))
    plain, other = found(answer, "plain"), found(answer, "other")
    above = by_probe(plain).accuracy_interval[1] - by_probe(plain).accuracy
    doubt = sqrt(above**2 + (Z * other.score_sd) ** 2)
    end = by_probe(other).accuracy_interval[1]
    assert end - by_probe(plain).accuracy == pytest.approx(doubt)
    assert by_probe(other).gain_interval == pytest.approx((-Z * other.score_sd, Z * other.score_sd))


def untried(kind, model, seconds):
    return Untried(kind=kind, model=model, seconds=seconds)


def test_of_many_models_without_time_the_first_are_named():
    probes = [untried(StepKind.FORWARD_PASS, name, 0.314) for name in ("d", "c", "b", "a")]
    assert out_of_time(probes) == (
        "not measured for lack of time: 4 models by a linear probe (d, c, b, ...)"
    )
    both = out_of_time([*probes[:1], untried(StepKind.FINE_TUNING, "e\x1b", 123.4)])
    assert both.endswith("1 model by a linear probe (d), 1 model by a short fine-tuning (e\\x1b)")


def test_the_budgets_that_measure_more_and_all_are_named():
    assert next_budget(least=3, needed=12) == (
        "Next time a budget of 3 seconds measures more, one of 12 seconds all"
    )
    assert next_budget(least=1400, needed=1400) == (
        "Next time a budget of 1400 seconds (23 minutes) is enough"
    )


@pytest.mark.parametrize(
    ("default", "other", "told"),
    [
        (Recipe.ALL_LAYERS, Recipe.ALL_LAYERS, ""),
        (Recipe.ALL_LAYERS, Recipe.LINEAR_PROBE, "this model"),
        (Recipe.LINEAR_PROBE, Recipe.ALL_LAYERS, "the default"),
        (Recipe.LINEAR_PROBE, Recipe.LINEAR_PROBE, "this model and the default"),
    ],
)
def test_a_short_fine_tuning_that_is_a_linear_probe_is_told_as_one(default, other, told):
    asked = ask([PLAIN, model("other")])
    tuned = {
        "mdl-plain": replace(right(6, 10), recipe=default),
        "mdl-other": replace(right(8, 10), recipe=other),
    }
    (piece,) = found(rank(replace(asked, tuned=tuned)), "other").evidence
    assert piece.text.startswith("a short fine-tuning, tested on 10 of your images, has 80.0 %")
    told = told and f"; for {told} it kept a linear probe, which did better"
    assert piece.text.endswith(f"+20.0 points over the default{told}")


def many(count, seed=1):
    """Outcomes of an expert and the default on far tasks that are all alike."""
    rng = np.random.default_rng(seed)
    tasks = at(**{f"t{i}": 0.5 for i in range(count)})
    accuracies = rng.uniform(0.5, 0.9, count)
    outcomes = [outcome("plain", f"t{i}", a) for i, a in enumerate(accuracies)]
    outcomes += [outcome("expert", f"t{i}", a - 0.05) for i, a in enumerate(accuracies)]
    return ask([PLAIN, model("expert", "elsewhere")], tasks=tasks, outcomes=outcomes), accuracies


def test_enough_tasks_vouch_for_the_intervals():
    assert rank(many(9)[0]).calibrated
    assert not rank(many(8)[0]).calibrated


def test_where_the_default_was_measured_on_other_tasks_its_accuracy_is_foretold():
    question, accuracies = many(12)
    plain = found(rank(question), "plain")
    assert by_probe(plain).accuracy == pytest.approx(accuracies.mean(), abs=0.08)
    low, high = by_probe(plain).accuracy_interval
    assert low < accuracies.mean() < high
    assert found(rank(many(4)[0]), "plain").plan(Recipe.LINEAR_PROBE).accuracy is None
    # A probe on the target's own images says more.
    asked = replace(question, measured={"mdl-plain": right(70, 100)})
    new = on_new_images(0.7, tested=100, images=asked.training, classes=asked.classes, reach=Z)
    assert by_probe(found(rank(asked), "plain")).accuracy == pytest.approx(new.accuracy)


def test_evidence_names_its_numbers():
    best = rank(GARDEN).recommendations[0]
    source, *outcomes = best.evidence
    assert source.kind == EvidenceKind.SOURCE_TASK
    assert (source.task, source.distance) == ("roses", NEAR)
    assert source.text == "fine-tuned on roses, which is near"
    told = {(piece.model, piece.task): piece for piece in outcomes}
    assert {("rose-expert", "roses"), ("rose-expert", "tulips")} <= told.keys()
    piece = told["rose-expert", "tulips"]
    assert piece.gain == pytest.approx(0.18)
    assert piece.distance == 1.5 * NEAR
    assert piece.text.startswith(
        "gained +18.0 points on tulips, which moves the expected gain by +"
    )
    assert piece.text.endswith(f"{100 * piece.moved:+.1f}")


def test_what_outcomes_moved_adds_up_to_the_score():
    best = rank(GARDEN).recommendations[0]
    moved = sum(piece.moved or 0 for piece in best.evidence)
    prior = best.evidence[0].gain
    assert prior + moved == pytest.approx(best.score, abs=2e-3)


def test_an_outcome_of_another_model_names_it():
    twin = replace(GARDEN, models=[*GARDEN.models, model("tulip-expert", "tulips")])
    evidence = found(rank(twin), "tulip-expert").evidence
    others = [piece for piece in evidence if piece.model == "rose-expert"]
    assert others
    assert all(piece.text.startswith("rose-expert gained ") for piece in others)


def test_published_figures_count_and_can_be_switched_off():
    known = replace(model("resnet50"), ref="timm:resnet50.a1_in1k")
    answer = rank(ask([PLAIN, known]))
    piece = found(answer, "resnet50").evidence[0]
    assert piece.kind == EvidenceKind.PUBLISHED
    assert piece.gain == pytest.approx(found(answer, "resnet50").score)
    assert f"{100 * piece.gain:+.1f} points" in piece.text
    without = found(rank(ask([PLAIN, known], published=False)), "resnet50")
    assert (without.score, without.evidence[0].kind) == (0, EvidenceKind.NONE)


def test_the_summary_counts_the_evidence():
    question = replace(GARDEN, measured={"mdl-plain": right(6, 10)})
    summary = rank(question).evidence_summary
    assert summary == (
        "This answer uses 3 known tasks, 2 experts, 3 measured gains over the default and "
        "1 model probed on your images. The nearest known task is roses."
    )
    # An expert of a task that cannot be compared is no evidence.
    strange = replace(question, models=[*question.models, model("old-expert", "elsewhere")])
    assert rank(strange).evidence_summary == summary


def test_the_summary_names_the_nearest_task_by_symmetric_distance():
    # c is the better source, a the nearer task.
    tasks = {"tsk-a": KnownTask("a", 0.01, 0.09), "tsk-c": KnownTask("c", 0.02, 0.02)}
    summary = rank(ask([PLAIN], tasks=tasks, k=1)).evidence_summary
    assert "The nearest known task is a." in summary


def test_the_summary_says_that_outcomes_without_the_default_tell_no_gain():
    answer = rank(
        ask([PLAIN, model("other")], tasks=at(a=NEAR), outcomes=[outcome("other", "a", 0.9)])
    )
    assert "0 measured gains" in answer.evidence_summary
    assert "No gain has been recorded yet" in answer.evidence_summary
    assert "task2vec outcomes add" in answer.evidence_summary
    assert "No gain has been recorded" not in rank(GARDEN).evidence_summary


def test_a_far_task_is_told_as_such():
    summary = rank(ask([PLAIN], tasks=at(cars=FAR))).evidence_summary
    assert summary.count("too far to say much") == 1
