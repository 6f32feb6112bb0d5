"""The world of a question and that of a backtest hold the same of the same tasks and models."""

import numpy as np
import pytest
from questions import ask, at, model, outcome

from task2vec.recommendation.answer.question import world_of
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.world import NO_SOURCE
from task2vec.recommendation.gain_model.known_world import known_world

MODELS = [model("cars-expert", "cars"), model("mine", "mine"), model("other")]
OUTCOMES = [
    outcome("plain", "cars", 0.5),
    outcome("other", "cars", 0.75),
    outcome("plain", "mine", 0.625),
    outcome("mine", "mine", 0.5),
]


@pytest.fixture
def of_question():
    """The target is the stored task ``mine``."""
    tasks = at(roses=0.5, cars=0.25)
    return world_of(
        ask([model("plain"), *MODELS], tasks=tasks, outcomes=OUTCOMES, target="tsk-mine")
    )


@pytest.fixture
def of_store(of_question):
    ids = ["tsk-roses", "tsk-cars", "tsk-mine"]
    return known_world(
        ids,
        MODELS,
        default="mdl-plain",
        gains=GainTable(OUTCOMES, "mdl-plain"),
        names=ids,
        sources=ids,
        symmetric=of_question.symmetric,
        asymmetric=of_question.asymmetric,
        scatters=[None] * 3,
    )


def test_gains_are_of_the_tasks_and_models_in_order(of_question):
    assert of_question.models == ("mdl-plain", "mdl-cars-expert", "mdl-mine", "mdl-other")
    gains = np.full((4, 3), np.nan)
    gains[3, 1], gains[2, 2] = 0.25, -0.125
    np.testing.assert_allclose(of_question.gains, gains)
    np.testing.assert_allclose(of_question.base, [np.nan, 0.5, 0.625])
    assert np.isfinite(of_question.variances).sum() == 2
    assert of_question.expected[[0, 3]].tolist() == [0, 0]
    assert (of_question.expected[1:3] < 0).all()


def test_a_question_knows_what_a_backtest_does(of_question, of_store):
    for name in ("models", "gains", "variances", "base", "expected", "doubt", "overlap"):
        np.testing.assert_array_equal(getattr(of_question, name), getattr(of_store, name))


def test_an_expert_of_the_target_has_no_source_in_its_own_question(of_question, of_store):
    assert of_question.sources.tolist() == [NO_SOURCE, 1, NO_SOURCE, NO_SOURCE]
    assert of_store.sources.tolist() == [NO_SOURCE, 1, 2, NO_SOURCE]
