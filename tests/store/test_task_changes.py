"""The log by which copies of the tasks catch up."""

import sqlite3
from contextlib import closing

import pytest

from task2vec.errors import NameTakenError, UnknownNameError
from task2vec.store import Store
from task2vec.store.opening import DATABASE
from task2vec.store.tasks.updates import Change, ChangeKind


def test_every_change_is_logged_in_its_order(store, task):
    assert (store.tasks.last_change(), store.tasks.changes_since(0)) == (0, [])
    a = store.tasks.add(*task("a", seed=1)).id
    b = store.tasks.add(*task("b", seed=2)).id
    assert store.tasks.add(*task("a", seed=3), replace=True).id == a
    store.tasks.remove("a")
    log = [
        Change(1, a, ChangeKind.ADDED),
        Change(2, b, ChangeKind.ADDED),
        Change(3, a, ChangeKind.REPLACED),
        Change(4, a, ChangeKind.REMOVED),
    ]
    assert store.tasks.changes_since(0) == log
    assert store.tasks.changes_since(2) == log[2:]
    assert store.tasks.last_change() == 4


def test_what_failed_is_not_logged(store, task):
    store.tasks.add(*task("a"))
    with pytest.raises(NameTakenError):
        store.tasks.add(*task("a", seed=1))
    with pytest.raises(UnknownNameError):
        store.tasks.remove("b")
    assert store.tasks.last_change() == 1


def test_a_number_is_never_used_twice(tmp_path, task):
    with Store.open(tmp_path) as store:
        store.tasks.add(*task("a"))
    with closing(sqlite3.connect(tmp_path / DATABASE)) as raw:
        raw.execute("DELETE FROM task_changes")
        raw.commit()
    with Store.open(tmp_path) as store:
        id_ = store.tasks.add(*task("b")).id
        assert store.tasks.changes_since(0) == [Change(2, id_, ChangeKind.ADDED)]


def test_a_task_is_added_with_the_rest_of_a_transaction_or_not_at_all(tmp_path, task):
    with Store.open(tmp_path) as store:
        database = store._database
        record, embedding = task("a", seed=4)

        def add_and_fail():
            with database.write() as connection:
                store.tasks.add_within(connection, record, embedding)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            add_and_fail()
        assert store.tasks.list() == []
        assert store.tasks.last_change() == 0
        with database.write() as connection:
            added = store.tasks.add_within(connection, record, embedding, thumbnail=b"png")
            assert store.tasks.list() == []
        assert store.tasks.get("a") == added
        assert store.tasks.thumbnail("a") == b"png"
        assert store.tasks.embedding("a").values.tobytes() == embedding.values.tobytes()
        assert store.tasks.changes_since(0) == [Change(1, added.id, ChangeKind.ADDED)]
