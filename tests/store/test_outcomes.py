import math
import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from factories import replace
from sqlalchemy import Engine, event

from task2vec.errors import NameTakenError, SettingError, UnknownNameError
from task2vec.messages.outcomes import OutcomeFilter, StoredOutcome
from task2vec.store import Store

FULL = StoredOutcome(
    model="one",
    task="birds",
    accuracy=0.75,
    protocol="linear-5",
    interval=(0.7, 0.8),
    images=400,
    seed=3,
    details={"epochs": 5, "note": "größer"},
)
BARE = StoredOutcome(model="two", task="birds", accuracy=0.0, protocol="full")


@pytest.fixture
def stocked(store, task, model):
    for name in ("birds", "fish"):
        store.tasks.add(*task(name))
    for name in ("one", "two"):
        store.models.add(model(name))
    return store


def test_what_is_added_is_read_back_unchanged_after_reopening(stocked):
    added = stocked.outcomes.add_many([FULL, BARE])
    one, two = (stocked.models.get(name).id for name in ("one", "two"))
    birds = stocked.tasks.get("birds").id
    expected = [
        replace(given, id=got.id, created=got.created, model=model, task=birds)
        for given, got, model in zip((FULL, BARE), added, (one, two), strict=True)
    ]
    assert added == expected
    assert all(re.fullmatch(r"out_[0-9a-f]{16}", outcome.id) for outcome in added)
    with Store.open(stocked.path, create=False) as reopened:
        assert reopened.outcomes.list() == expected


def test_list_filters_and_keeps_the_order_in_which_they_came(stocked):
    cells = [
        ("two", "fish", "a"),
        ("one", "birds", "b"),
        ("two", "birds", "a"),
        ("one", "fish", "b"),
    ]
    stocked.outcomes.add_many(
        StoredOutcome(model=m, task=t, accuracy=0.5, protocol=p, seed=i)
        for i, (m, t, p) in enumerate(cells)
    )
    outcomes = stocked.outcomes

    def seeds(**filters):
        return [outcome.seed for outcome in outcomes.list(OutcomeFilter(**filters))]

    assert seeds() == [0, 1, 2, 3]
    assert seeds(model="two") == [0, 2]
    assert seeds(model=stocked.models.get("two").id, task="birds") == [2]
    assert seeds(task="fish") == [0, 3]
    assert seeds(protocol="b") == [1, 3]
    assert seeds(protocol="c") == []


def test_a_protocol_is_meant_to_the_letter(stocked):
    for protocol in ("lin_5", "LIN_5", "linx5", "lin_5 "):
        stocked.outcomes.add(replace(BARE, protocol=protocol))

    def found(protocol):
        return [
            outcome.protocol for outcome in stocked.outcomes.list(OutcomeFilter(protocol=protocol))
        ]

    assert (found("lin_5"), found("LIN_5"), found("lin%")) == (["lin_5"], ["LIN_5"], [])


def test_extremes_and_repeats_are_kept_and_there_is_one_zero(stocked):
    ends = [replace(BARE, accuracy=a, interval=(abs(a), abs(a))) for a in (-0.0, 1.0, 1.0)]
    added = stocked.outcomes.add_many(ends)
    assert stocked.outcomes.list() == added
    stored = stocked.outcomes.list()
    assert [each.accuracy for each in stored] == [0.0, 1.0, 1.0]
    assert [math.copysign(1, each.accuracy) for each in (added[0], stored[0])] == [1, 1]
    assert [each.interval for each in added] == [(0.0, 0.0), (1.0, 1.0), (1.0, 1.0)]
    assert len({each.id for each in added}) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracy": 1.0001}, "got 1.0001"),
        ({"accuracy": -0.1}, "got -0.1"),
        ({"accuracy": math.nan}, "got nan"),
        ({"accuracy": 75.0}, r"\[0, 1\]"),
        ({"interval": (0.8, 0.7)}, "got 0.8 and 0.7"),
        ({"interval": (0.7, 1.2)}, "low <= high <= 1"),
        ({"protocol": ""}, "needs a protocol"),
        ({"seed": 2**63}, "integers below"),
        ({"details": {"model": object()}}, "cannot be stored"),
    ],
)
def test_all_are_added_or_none(stocked, change, message):
    with pytest.raises(SettingError, match=message):
        stocked.outcomes.add_many([FULL, replace(FULL, **change)])
    assert stocked.outcomes.list() == []


def test_an_unknown_model_or_task_adds_none(stocked):
    for change, message in (({"model": "on"}, "No model .*'one'"), ({"task": "b"}, "No task")):
        with pytest.raises(UnknownNameError, match=message):
            stocked.outcomes.add_many([FULL, replace(FULL, **change)])
    assert stocked.outcomes.list() == []


def test_a_taken_id_adds_none(stocked):
    added = stocked.outcomes.add(FULL)
    with pytest.raises(NameTakenError, match=added.id):
        stocked.outcomes.add_many([FULL, replace(FULL, id=added.id)])
    assert stocked.outcomes.list() == [added]


def test_filters_by_unknown_names_are_errors(stocked):
    with pytest.raises(UnknownNameError, match="Did you mean 'birds'"):
        stocked.outcomes.list(OutcomeFilter(task="bird"))
    with pytest.raises(UnknownNameError, match="Did you mean 'one'"):
        stocked.outcomes.list(OutcomeFilter(model="onee"))


def test_one_that_is_not_there_is_named(stocked):
    added = stocked.outcomes.add_many([FULL, BARE])
    with pytest.raises(UnknownNameError, match=r"No outcome has the id 'out_x'\. `task2vec"):
        stocked.outcomes.named([added[0].id, "out_x"])
    with pytest.raises(UnknownNameError, match="'out_y', nor have 2 more of those"):
        stocked.outcomes.named(["out_y", added[0].id, "out_x", "out_z"])
    assert stocked.outcomes.named([added[1].id]) == [(added[1], "two", "birds")]


def test_thousands_are_removed_in_a_few_statements(stocked):
    kept, *rest = stocked.outcomes.add_many(replace(FULL, seed=seed) for seed in range(10_001))
    asked = []
    event.listen(Engine, "before_cursor_execute", note := lambda *args: asked.append(args[2]))
    try:
        with stocked.transaction() as connection:
            found = stocked.outcomes.named_within(connection, [o.id for o in reversed(rest)])
            stocked.outcomes.remove_within(connection, [outcome for outcome, _, _ in found])
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert [outcome for outcome, _, _ in found] == rest[::-1]
    assert stocked.outcomes.list() == [kept]
    assert len(asked) < 60


def test_what_was_added_together_is_found_by_its_moment(stocked):
    first = stocked.outcomes.add_many([replace(FULL, seed=s) for s in (1, 2)])
    time.sleep(0.003)
    second = stocked.outcomes.add(FULL)
    moment = first[0].created.replace("Z", "+00:00")
    assert stocked.outcomes.list(OutcomeFilter(created=moment)) == first
    assert stocked.outcomes.list(OutcomeFilter(created=moment.replace("+00:00", "Z"))) == first
    east = datetime.fromisoformat(moment).astimezone(timezone(timedelta(hours=9)))
    assert stocked.outcomes.list(OutcomeFilter(created=east.isoformat())) == first
    assert stocked.outcomes.list(OutcomeFilter(created=moment.removesuffix("+00:00"))) == first
    assert stocked.outcomes.list(OutcomeFilter(created=second.created)) == [second]
    for wrong in ("", "yesterday", "0001-01-01T00:00:00+23:00"):
        with pytest.raises(SettingError, match="no moment"):
            stocked.outcomes.list(OutcomeFilter(created=wrong))


def test_what_may_be_alike_agrees_in_what_was_measured(stocked):
    changes = [
        {"model": "two"},
        {"task": "fish"},
        {"accuracy": 0.76},
        {"protocol": "full"},
        {"images": None},
        {"seed": None},
    ]
    others = [replace(FULL, **change) for change in changes]
    first, *others, again = stocked.outcomes.add_many([FULL, *others, FULL])
    assert stocked.outcomes.alike([again]) == [first, again]
    assert stocked.outcomes.alike([others[5]]) == [others[5]]
    assert stocked.outcomes.alike([again, others[5]]) == [first, others[5], again]
    assert stocked.outcomes.alike([]) == []
    # More than are compared one by one.
    many = stocked.outcomes.add_many(replace(FULL, accuracy=n / 2000) for n in range(2000))
    assert {o.id for o in stocked.outcomes.alike(many)} >= {o.id for o in many}
