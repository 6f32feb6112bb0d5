"""Which stored tasks a recommendation rests on: enough of them, and never every two of all."""

import pytest
from factories import which_model
from served import add_task, embedding, expert_of
from sqlalchemy import Engine, event

from task2vec.distance import plain_symmetric_distance
from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.recommend import evidence as module
from task2vec.service.recommend.evidence import known_tasks
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.subjects import Subject

TASKS = 12


@pytest.fixture
def stored(served):
    """Store tasks, of which the last three have experts; return their ids, the nearest first."""
    numbers = range(1, TASKS + 1)
    near = {i: plain_symmetric_distance(embedding(0), embedding(i)) for i in numbers}
    tasks = [add_task(served, f"task{i}", i) for i in sorted(near, key=near.get)]
    for task in tasks[-3:]:
        expert_of(served, task)
    return [task.id for task in tasks]


def about(served, **asked):
    telling = {model.task for model in served.store().models.list()}
    return known_tasks(served, Subject("new", embedding(0), None, None), telling=telling, **asked)


def test_all_are_known_in_a_small_store(served, stored):
    tasks, between = about(served)
    assert set(tasks) == set(stored)
    assert between.shape == (TASKS, TASKS)


def test_of_many_the_nearest_and_those_with_experts_are_kept(served, stored, monkeypatch):
    monkeypatch.setattr(module, "_OTHERS", 2)
    monkeypatch.setattr(module, "_MOST", 2)
    tasks, between = about(served)
    assert {*stored[:2], *stored[-3:-1]} <= set(tasks)
    assert len(tasks) <= 6
    assert between.shape == (len(tasks), len(tasks))
    order = list(tasks)
    first, second = (order.index(id_) for id_ in stored[-3:-1])
    # Of those with experts the distance is told; of the others only that to the target.
    assert 0 < between[first, second] < 1
    assert between[order.index(stored[0]), order.index(stored[1])] == 1


def test_as_many_sources_are_known_as_may_count(served, stored, monkeypatch):
    monkeypatch.setattr(module, "_OTHERS", 1)
    few, _ = about(served)
    many, _ = about(served, k=8)
    assert len(few) < 8 <= len(many)


def test_what_a_store_holds_is_listed_once_for_a_recommendation(served, stored):
    outcomes = [
        StoredOutcome(id="", model=model.id, task=task, accuracy=0.8, protocol="p", images=100)
        for model in served.store().models.list()
        for task in stored
    ]
    served.store().outcomes.add_many(outcomes)
    subject = Subject("new", embedding(0), None, None)
    told: list[str] = []

    def hear(_connection, _cursor, statement, *_):
        told.append(statement.replace("\n", " "))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        answer = recommend(served, which_model(), subject, measured={})
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert len(answer.recommendations) > 1
    for table in ("models", "outcomes"):
        lists = [each for each in told if f" FROM {table} " in each and "WHERE" not in each]
        assert len(lists) == 1, (table, lists)


def test_neither_the_target_nor_a_copy_nor_what_is_excluded_is_known(served, stored):
    # The same images and labels under another name.
    own = add_task(served, "copy", 0)
    tasks, between = about(served, excluded={stored[0]})
    assert set(tasks) == {*stored} - {stored[0]}
    assert own.id not in tasks
    assert between.shape == (TASKS - 1, TASKS - 1)


def test_the_nearest_and_the_best_sources_are_known(served, stored, monkeypatch):
    monkeypatch.setattr(module, "_OTHERS", 3)
    monkeypatch.setattr(module, "_MOST", 0)
    judged = served.store().index(embedding(0).space).judge(embedding(0))
    best = [each.record.id for each in sorted(judged, key=lambda each: each.asymmetric)[:3]]
    assert set(best) != {*stored[:3]}, "else nothing is shown here"
    tasks, _ = about(served)
    assert set(tasks) == {*stored[:3], *best}
