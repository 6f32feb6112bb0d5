"""A recommendation takes into account what tasks ask of the features, where that is known."""

import numpy as np
import pytest
from questions import NEAR, PLAIN, ask, at, model

from task2vec.embedding.class_scatter import class_scatter
from task2vec.recommendation.answer.answer import rank
from task2vec.recommendation.answer.question import world_of

RNG = np.random.default_rng(0)
#: What letters and styles are told apart by, in 16 features.
LETTERS, STYLES = np.split(np.linalg.qr(RNG.normal(size=(16, 16)))[0][:6], 2)
ZOO = [PLAIN, model("letters-expert", "letters"), model("styles-expert", "styles")]


def scatter(asked, ignored):
    """What a task asks whose classes lie along ``asked``, and whose images vary by ``ignored``."""
    labels = np.arange(60) % 3
    X = 3 * asked[labels] + 2 * RNG.normal(size=(60, 3)) @ ignored + 0.1 * RNG.normal(size=(60, 16))
    return class_scatter(X, labels, classes=3)


@pytest.fixture(scope="module")
def scatters():
    return {"tsk-letters": scatter(LETTERS, STYLES), "tsk-styles": scatter(STYLES, LETTERS)}


def gains(answer):
    return {each.model: each.score for each in answer.recommendations}


@pytest.mark.parametrize(
    ("asked", "ignored", "best"),
    [(LETTERS, STYLES, "letters-expert"), (STYLES, LETTERS, "styles-expert")],
    ids=["letters", "styles"],
)
def test_of_two_equally_near_tasks_the_one_that_asks_the_same_has_the_better_expert(
    asked, ignored, best, scatters
):
    tasks = at(letters=NEAR, styles=NEAR)
    question = ask(ZOO, tasks=tasks, scatters=scatters, scatter=scatter(asked, ignored))
    found = gains(rank(question))
    (other,) = {"letters-expert", "styles-expert"} - {best}
    assert found[best] > found[other] + 0.1
    blind = gains(rank(ask(ZOO, tasks=tasks)))
    assert blind["letters-expert"] == pytest.approx(blind["styles-expert"], abs=1e-9)
    assert found[other] < blind[other] < found[best]


def test_a_source_that_asks_what_this_task_ignores_is_told_as_that(scatters):
    question = ask(
        ZOO,
        tasks=at(letters=NEAR, styles=NEAR),
        scatters=scatters,
        scatter=scatter(STYLES, LETTERS),
    )
    told = {each.model: each.evidence[0] for each in rank(question).recommendations}
    assert told["letters-expert"].agreement < -0.3
    assert "needs features that your task ignores (agreement -" in told["letters-expert"].text
    assert "needs the same features as your task (agreement +" in told["styles-expert"].text


def test_where_it_is_not_known_of_the_target_nothing_changes(scatters):
    tasks = at(letters=NEAR, styles=NEAR)
    known = gains(rank(ask(ZOO, tasks=tasks, scatters=scatters)))
    blind = gains(rank(ask(ZOO, tasks=tasks)))
    for name in ("letters-expert", "styles-expert"):
        assert abs(blind[name]) > 0.001
        assert known[name] == pytest.approx(blind[name], abs=1e-9)


def test_a_scatter_of_another_network_is_left_aside(scatters):
    labels = np.arange(12) % 3
    strange = class_scatter(RNG.normal(size=(12, 7)), labels, classes=3)
    tasks = at(letters=NEAR, styles=NEAR)
    mixed = {**scatters, "tsk-styles": strange}
    question = ask(ZOO, tasks=tasks, scatters=mixed, scatter=scatter(LETTERS, STYLES))
    world = world_of(question)
    assert world.agreement[1].tolist() == [0, 0, 0]
    assert world.agreement[0, 2] > 0.9
    told = {each.model: each.evidence[0] for each in rank(question).recommendations}
    assert told["letters-expert"].agreement > 0.9
    assert "needs the same features as your task" in told["letters-expert"].text
    assert told["styles-expert"].agreement is None
    assert "needs" not in told["styles-expert"].text


def test_many_scatters_of_another_network_do_not_outvote_the_target(scatters):
    labels = np.arange(12) % 3
    names = [f"strange{i}" for i in range(4)]
    strange = {
        f"tsk-{name}": class_scatter(RNG.normal(size=(12, 7)), labels, classes=3) for name in names
    }
    tasks = at(letters=NEAR, **dict.fromkeys(names, NEAR))
    mixed = {"tsk-letters": scatters["tsk-letters"], **strange}
    world = world_of(ask(ZOO, tasks=tasks, scatters=mixed, scatter=scatter(LETTERS, STYLES)))
    assert world.agreement[0, -1] > 0.9
    assert not world.agreement[1:-1].any()
