"""The words about losses, tasks just out of reach, no gain at all, and repeats."""

import pytest
from factories import replace
from questions import NEAR, PLAIN, REACH, ask, at, found, kinds, model, outcome

from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.evidence_text import why_abstained
from task2vec.recommendation.answer.question import KnownTask
from task2vec.recommendation.evidence.outcomes import repeats_among


def test_an_outcome_that_lowered_the_score_is_told() -> None:
    question = ask(
        [PLAIN, model("rose-expert", "roses")],
        tasks=at(roses=NEAR, tulips=NEAR),
        outcomes=[outcome("plain", "tulips", 0.8), outcome("rose-expert", "tulips", 0.5)],
    )
    told = found(rank(question), "rose-expert")
    (piece,) = [piece for piece in told.evidence if piece.kind == EvidenceKind.OUTCOME]
    assert piece.moved < -0.01
    assert "gained -30.0 points" in piece.text


@pytest.mark.parametrize(("symmetric", "said"), [(1.1, "is not near"), (0.9, "is near")])
def test_a_task_is_near_by_its_symmetric_distance(symmetric: float, said: str) -> None:
    task = KnownTask("roses", symmetric * REACH, (2 - symmetric) * REACH)
    question = ask([PLAIN, model("rose-expert", "roses")], tasks={"tsk-roses": task})
    told = found(rank(question), "rose-expert")
    assert kinds(told) == [EvidenceKind.SOURCE_TASK]
    assert said in told.evidence[0].text


def test_a_model_of_which_nothing_is_known_is_not_expected_to_do_better() -> None:
    answer = rank(ask([PLAIN, model("other")]))
    other = found(answer, "other")
    assert other.score == 0
    nothing = "no known model is expected to do better than the default, plain"
    assert why_abstained(other, "plain", recipe=answer.recipe, tie=None) == nothing
    likely = other.model_copy(update={"score": 0.01})
    assert why_abstained(likely, "plain", recipe=answer.recipe, tie=None) != nothing


def test_outcomes_of_other_intervals_are_no_repeats() -> None:
    one = StoredOutcome(
        id="a", model="m", task="t", accuracy=0.5, protocol="p", interval=(0.4, 0.6)
    )
    others = [replace(one, id="b", interval=(0.3, 0.7)), replace(one, id="c", interval=None)]
    assert repeats_among([one, *others]) == {}
    assert repeats_among([one, *others, replace(one, id="d")]) == {"d": "a"}
