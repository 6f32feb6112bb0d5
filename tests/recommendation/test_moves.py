"""An explained answer: each score is the sum of what moved it."""

import pytest
from factories import replace
from questions import FAR, GARDEN, NEAR, PLAIN, ask, at, found, model, outcome, right

from task2vec.messages.explanations import MoveKind
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.gain_model.kernel import FAR as OF_ANY_EXPERT

EXPLAINED = replace(GARDEN, explain=True)


def moves(answer, name):
    return next(each for each in answer.explanation.outcomes if each.model == name)


def adds_up(answer):
    # The default's score is 0; that of another says something.
    assert max(abs(each.score) for each in answer.explanation.outcomes) > 0.01
    for each in answer.explanation.outcomes:
        score = found(answer, each.model).score
        assert each.score == pytest.approx(score, abs=1e-12)
        assert each.prior + each.by_outcomes + each.by_measuring == pytest.approx(score, abs=1e-12)
        assert sum(move.moved for move in each.moves) + each.rest == pytest.approx(score, abs=1e-12)


def test_nothing_is_explained_unasked():
    assert rank(GARDEN).explanation is None


def test_the_parts_of_every_score_add_up_to_it():
    answer = rank(EXPLAINED)
    assert [each.model for each in answer.explanation.outcomes] == [
        each.model for each in answer.recommendations
    ]
    adds_up(answer)


def test_moves_are_those_of_the_evidence():
    answer = rank(EXPLAINED)
    told = moves(answer, "rose-expert")
    by_outcome = {
        (move.model, move.task): move.moved for move in told.moves if move.kind == MoveKind.OUTCOME
    }
    pieces = [e for e in found(answer, "rose-expert").evidence if e.kind == "outcome"]
    assert pieces
    assert all(by_outcome[e.model, e.task] == e.moved for e in pieces)


def test_an_experts_prior_is_that_of_any_expert_and_how_near_its_task_is():
    expert, near = moves(rank(EXPLAINED), "rose-expert").moves[:2]
    assert (expert.kind, expert.moved) == (MoveKind.EXPERT, OF_ANY_EXPERT)
    assert (near.kind, near.task, near.distance) == (MoveKind.SOURCE_TASK, "roses", NEAR)
    assert near.moved > 0.1


def test_neighbours_gather_the_outcomes_on_them():
    told = moves(rank(EXPLAINED), "rose-expert")
    assert {each.task for each in told.neighbours} == {"roses", "tulips", "cars"}
    assert sum(each.moved for each in told.neighbours) == pytest.approx(told.by_outcomes)
    assert told.outcomes == sum(each.outcomes for each in told.neighbours) == 3
    assert [abs(each.moved) for each in told.neighbours] == sorted(
        (abs(each.moved) for each in told.neighbours), reverse=True
    )


def test_many_outcomes_leave_a_rest():
    tasks = at(**{f"t{i}": 0.05 + 0.01 * i for i in range(14)})
    outcomes = [outcome("plain", f"t{i}", 0.6) for i in range(14)]
    outcomes += [outcome("expert", f"t{i}", 0.7 + 0.005 * i) for i in range(14)]
    models = [PLAIN, model("expert", "t0")]
    answer = rank(ask(models, tasks=tasks, outcomes=outcomes, explain=True))
    adds_up(answer)
    told = moves(answer, "expert")
    assert (told.outcomes, told.rest_count) == (14, 4)
    smallest = min(abs(m.moved) for m in told.moves if m.kind == MoveKind.OUTCOME)
    assert abs(told.rest) <= 4 * smallest


def test_what_was_measured_on_the_images_is_told_apart_from_outcomes_on_the_same_task():
    measured = {"mdl-plain": right(60, 100), "mdl-rose-expert": right(80, 100)}
    tuned = {"mdl-plain": right(70, 100), "mdl-rose-expert": right(85, 100)}
    # The target is stored, and has an outcome of the very models that are measured.
    stored = ask(
        GARDEN.models,
        tasks=GARDEN.tasks,
        outcomes=[outcome("plain", "self", 0.7), outcome("rose-expert", "self", 0.8)],
        target="tsk-self",
        explain=True,
    )
    answer = rank(replace(stored, measured=measured, tuned=tuned))
    adds_up(answer)
    told = moves(answer, "rose-expert")
    kinds = {move.kind: move for move in told.moves}
    assert told.outcomes == 1
    assert {m.task for m in told.moves if m.kind != MoveKind.SOURCE_TASK} == {None}
    assert kinds[MoveKind.OUTCOME].gain == pytest.approx(0.1)
    assert kinds[MoveKind.LINEAR_PROBE].gain == pytest.approx(0.2)
    assert kinds[MoveKind.FINE_TUNING].gain == pytest.approx(0.15)
    assert told.by_measuring > 0
    assert answer.explanation.default.known_by == "outcomes"
    assert answer.explanation.default.accuracy == 0.7


def test_the_default_moves_by_nothing():
    told = moves(rank(EXPLAINED), "plain")
    assert (told.score, told.prior, told.by_outcomes, told.by_measuring) == (0, 0, 0, 0)
    assert (told.moves, told.rest_count, told.neighbours) == ((), 0, ())


def test_an_answer_that_abstains_and_knows_nothing_is_explained_too():
    published = replace(model("resnet18"), ref="timm:resnet18.a1_in1k")
    answer = rank(ask([PLAIN, published, model("other")], tasks=at(cars=FAR), explain=True))
    assert answer.abstained
    adds_up(answer)
    (move,) = moves(answer, "resnet18").moves
    assert move.kind == MoveKind.PUBLISHED
    assert moves(answer, "other").moves == ()
    assert answer.explanation.default.accuracy is None
    # k bounds how many models are explained.
    assert len(rank(replace(EXPLAINED, k=2)).explanation.outcomes) == 2
