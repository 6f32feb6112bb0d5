"""What an answer of the ranker tells: intervals, evidence, its summary, its JSON."""

import json
from dataclasses import replace
from math import sqrt

import pytest
from questions import FAR, GARDEN, NEAR, PLAIN, ask, at, found, model, names, outcome, right

from task2vec.recommend.gains import SPREAD
from task2vec.recommend.ranker import Distances, rank


def test_the_interval_widens_with_the_doubt_of_the_gain():
    answer = rank(ask([PLAIN, model("other")], measured={"plain": right(60, 100)}))
    plain, other = found(answer, "plain"), found(answer, "other")
    p = 61 / 102
    assert plain.interval[1] - 0.6 == pytest.approx(1.96 * sqrt(p * (1 - p) / 100))
    assert other.interval[1] - 0.6 == pytest.approx(1.96 * sqrt(p * (1 - p) / 100 + SPREAD**2))


def test_evidence_names_its_numbers():
    source, *outcomes = rank(GARDEN).recommendations[0].evidence
    assert source.task == "roses"
    assert source.distance == NEAR
    assert f"symmetric distance {NEAR:.2f}" in source.text
    assert f"asymmetric {NEAR - 0.05:.2f}" in source.text
    assert "roses, which is near" in source.text
    assert [piece.text for piece in outcomes] == [
        f"gained +9.0 points on roses at distance {NEAR:.2f}",
        f"gained +8.0 points on tulips at distance {1.5 * NEAR:.2f}",
        f"gained -10.0 points on cars at distance {FAR:.2f}",
    ]
    assert [piece.gain for piece in outcomes] == pytest.approx([0.09, 0.08, -0.10])
    assert [piece.task for piece in outcomes] == ["roses", "tulips", "cars"]


def test_the_summary_counts_the_evidence():
    question = replace(GARDEN, measured={"mdl-plain": right(6, 10)})
    summary = rank(question).evidence_summary
    assert summary == (
        "This answer rests on 3 known tasks, 2 experts, 3 measured gains over the default and "
        f"1 model probed on your images. The nearest known task is roses at {NEAR:.2f}."
    )
    # An expert of a task that cannot be compared is no evidence.
    strange = replace(question, models=[*question.models, model("old-expert", "elsewhere")])
    assert rank(strange).evidence_summary == summary


def test_the_summary_names_the_nearest_task_by_symmetric_distance():
    # c is the better source, a the nearer task.
    distances = {"tsk-a": Distances("a", 0.01, 0.09), "tsk-c": Distances("c", 0.02, 0.02)}
    summary = rank(ask([PLAIN], distances=distances, k=1)).evidence_summary
    assert "The nearest known task is a at 0.01." in summary


def test_the_summary_says_that_outcomes_without_the_default_tell_no_gain():
    answer = rank(
        ask([PLAIN, model("other")], distances=at(a=NEAR), outcomes=[outcome("other", "a", 0.9)])
    )
    assert "0 measured gains" in answer.evidence_summary
    assert "No gain is known yet" in answer.evidence_summary
    assert "task2vec outcomes add" in answer.evidence_summary
    assert "No gain is known" not in rank(GARDEN).evidence_summary


def test_the_answer_is_json_with_the_stable_fields():
    question = replace(
        GARDEN, measured={"mdl-plain": right(60, 100), "mdl-rose-expert": right(80, 100)}
    )
    answer = rank(question)
    document = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    assert {"recommendations", "abstained", "reason", "baselines"} <= document.keys()
    assert document["abstained"] is False
    assert document["reason"] == answer.reason
    assert [entry["model"] for entry in document["recommendations"]] == names(answer)
    for entry, judged in zip(document["recommendations"], answer.recommendations, strict=True):
        assert entry["score"] == judged.score
        assert entry["predicted_accuracy"] == judged.predicted_accuracy
        assert entry["interval"] == list(judged.interval)
        assert [e["text"] for e in entry["evidence"]] == [e.text for e in judged.evidence]
    best = document["recommendations"][0]
    assert [piece["kind"] for piece in best["evidence"]] == [
        "source_task",
        "outcome",
        "outcome",
        "outcome",
        "linear_probe",
    ]
    assert [baseline["rule"] for baseline in document["baselines"]] == [
        "always_default",
        "average_best",
        "nearest_only",
    ]
    empty = json.loads(json.dumps(rank(ask([PLAIN])).to_json(), allow_nan=False))
    assert empty["recommendations"][0]["predicted_accuracy"] is None
    assert empty["abstained"] is True
