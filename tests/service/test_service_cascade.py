"""Recommending within a budget, on real images and weights."""

import re
from pathlib import Path
from typing import Any

import pytest
from factories import which_model
from small_store import cut

from task2vec.finetuning.settings import FineTuningSettings
from task2vec.jobs.embed import embed
from task2vec.messages.jobs import NewEmbedding
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.recommendations import (
    EvidenceKind,
    Recommended,
    StepKind,
)
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.settings import EmbeddingSettings as Question
from task2vec.service.recommend import cascade
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject, resolve, stored_subject
from task2vec.service.workspace import Workspace

IMAGES = 24


def untimed(answer: Recommended) -> list[dict[str, Any]]:
    """Return what is recommended, without seconds: without images their number alone tells them."""
    rows = [each.model_dump() for each in answer.recommendations]
    for row in rows:
        assert all(plan.pop("seconds") > 0 for plan in row["plans"])
    return rows


def within(budget: float, images: int = IMAGES) -> RecommendationQuestion:
    return which_model(images=images, budget=budget)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("cascade") / "store")


@pytest.fixture(scope="module")
def subject(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    source = cut("emoji_food", tmp_path_factory.mktemp("source") / "emoji_food")
    return resolve(workspace, str(source), settings=EmbeddingSettings(images=IMAGES))


def test_the_least_budget_probes_the_default_and_one_rival(
    workspace: Workspace, subject: Subject
) -> None:
    told: list[str] = []
    answer = recommend(
        workspace,
        within(1e-3),
        subject,
        progress=lambda what, _spent, _all: told.append(what),
    )
    kinds = [step.kind for step in answer.steps]
    assert kinds == [StepKind.DISTANCE, StepKind.FORWARD_PASS, StepKind.FORWARD_PASS]
    assert answer.steps[1].model == "efficientnet_lite0"
    assert answer.steps[1].gain == 0
    assert any("more than the budget of 0.001 s" in warning for warning in answer.warnings)
    assert [line.partition(" ")[0] for line in told] == ["probing", "probing"]
    assert all(step.seconds > 0 for step in answer.steps[1:])
    rival = next(each for each in answer.recommendations if each.model == answer.steps[2].model)
    probed = [piece for piece in rival.evidence if piece.kind == EvidenceKind.LINEAR_PROBE]
    assert [piece.gain for piece in probed] == [answer.steps[2].gain]


def test_what_there_was_no_time_for_is_named(workspace: Workspace, subject: Subject) -> None:
    answer = recommend(workspace, within(1e-3), subject)
    probed = {step.model for step in answer.steps[1:]}
    left = {kind: [u.model for u in answer.untried if u.kind == kind] for kind in StepKind}
    assert left[StepKind.FORWARD_PASS]
    assert {*left[StepKind.FORWARD_PASS], *probed} == {e.model for e in answer.recommendations}
    # No race began: the default was to run in it, and those that promised something against it.
    assert left[StepKind.FINE_TUNING][0] == "efficientnet_lite0"
    (told,) = [w for w in answer.warnings if "for lack of time" in w]
    assert "1 model by a linear probe (efficientnet_lite" in told
    assert "by a short fine-tuning (efficientnet_lite0, " in told
    assert all(u.seconds > 1e-3 for u in answer.untried)
    found = re.search(r"Next time a budget of (\d+) seconds.* measures more, one of (\d+) ", told)
    assert found is not None
    least, needed = map(float, found.groups())
    assert needed == answer.budget_needed > least
    # What was measured is known: the least budget that is named makes another measurement.
    again = recommend(workspace, within(least), subject)
    assert len(again.steps) > len(answer.steps)


def test_a_large_budget_ends_in_a_race_that_the_answer_rests_on(
    workspace: Workspace, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cascade, "SHORT", FineTuningSettings(epochs=1))
    answer = recommend(workspace, within(1000), subject)
    raced = [step for step in answer.steps if step.kind == StepKind.FINE_TUNING]
    assert 2 <= len(raced) <= cascade.RACING
    assert raced[0].model == "efficientnet_lite0"
    told = {
        each.model: piece.gain
        for each in answer.recommendations
        for piece in each.evidence
        if piece.kind == EvidenceKind.FINE_TUNING
    }
    assert told == {step.model: step.gain for step in raced[1:]}
    assert answer.steps[-1].leader == answer.chosen
    assert not any("more than the budget" in warning for warning in answer.warnings)
    assert not any("for lack of time" in warning for warning in answer.warnings)
    assert not answer.untried
    assert answer.budget_needed is None
    scores = {each.model: each.score for each in answer.recommendations}
    assert answer.steps[-1].expected == pytest.approx(scores[answer.chosen])


def test_a_budget_of_0_measures_nothing(workspace: Workspace, subject: Subject) -> None:
    answer = recommend(workspace, within(0), subject)
    assert (answer.steps, answer.probed) == ((), 0)


def test_what_was_measured_before_takes_no_time(workspace: Workspace, subject: Subject) -> None:
    first = recommend(workspace, within(1e-3), subject)
    again = recommend(workspace, within(1e-3), subject)
    probed = [step for step in first.steps if step.kind == StepKind.FORWARD_PASS]
    known = [step for step in again.steps if step.kind == StepKind.FORWARD_PASS]
    assert not any(step.cached for step in probed)
    assert all(step.cached for step in known)
    assert [(step.model, step.gain) for step in known] == [(s.model, s.gain) for s in probed]
    assert sum(step.seconds for step in known) < 0.2 * sum(step.seconds for step in probed)
    scores = [
        {each.model: each.score for each in answer.recommendations} for answer in (first, again)
    ]
    assert scores[0] == scores[1]


def test_what_was_measured_counts_where_the_images_are_gone(
    tmp_path: Path,
) -> None:
    source = cut("emoji_food", tmp_path / "food")
    with Workspace(tmp_path / "store") as workspace:
        question = NewEmbedding(dataset="food", settings=Question(images=IMAGES))
        record = embed(workspace, question, str(source))
        subject = stored_subject(workspace, record.name)
        first = recommend(workspace, within(1e-3), subject)
        assert first.probed == 2
        source.rename(tmp_path / "elsewhere")
        again = recommend(workspace, within(1e-3), subject)
        assert untimed(again) == untimed(first)
        assert (again.chosen, again.reason, again.probed) == (first.chosen, first.reason, 2)
        assert (first.images_missing, again.images_missing) == (False, True)
        (told,) = [w for w in again.warnings if "no model was measured now" in w]
        assert f"are no longer in {source}. 2 earlier measurements counted" in told
        bring = "`task2vec embed FOLDER --name food --update`"
        assert told.endswith(f"{bring}, where FOLDER is where the images are now.")
        # Without a budget, too, they count.
        assert recommend(workspace, within(0), subject).probed == 2
        # What is measured on another number of images is something else.
        assert recommend(workspace, within(1, images=IMAGES - 4), subject).probed == 0
