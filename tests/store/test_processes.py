"""What several processes do to one store, and what a killed one leaves behind."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from task2vec.errors import StoreBusyError, StoreError
from task2vec.store import Store
from task2vec.store.opening import DATABASE, LOCK
from task2vec.store.sql.lock import WriteLock

ADD = Path(__file__).with_name("add_tasks.py")
ELEMENTS = 5000


def start(directory, prefix, count):
    return subprocess.Popen(
        [sys.executable, ADD, directory, prefix, str(count), str(ELEMENTS)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ADD.parents[1])},
    )


def acknowledged(lines):
    # A line without its end was cut off by the kill.
    return [line.split() for line in lines if line.endswith("\n")]


def check_whole(store, names_and_ids):
    """Every task is there under its id, with the vector that its number stands for."""
    for name, id_ in names_and_ids:
        assert store.tasks.get(name).id == id_
        number = float(name.rsplit("-", 1)[1])
        expected = np.full(ELEMENTS, number, dtype=np.float32)
        np.testing.assert_array_equal(store.tasks.embedding(id_).values, expected)


@pytest.mark.parametrize("lines_before_the_kill", [0, 1, 7, 40])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path, lines_before_the_kill):
    process = start(tmp_path, "a", 1_000_000)
    lines = [process.stdout.readline() for _ in range(lines_before_the_kill)]
    process.kill()
    lines += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -9
    with Store.open(tmp_path) as store:
        check_whole(store, acknowledged(lines))
        # What was committed and not yet acknowledged is at most one task, and whole.
        stored = [(record.name, record.id) for record in store.tasks.list()]
        check_whole(store, stored)
        assert len(lines) <= len(stored) <= len(lines) + 1


def test_two_processes_add_at_once_to_a_store_that_neither_had_before(tmp_path):
    processes = [start(tmp_path / "new", prefix, 15) for prefix in "ab"]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    with Store.open(tmp_path / "new", create=False) as store:
        for output in outputs:
            pairs = acknowledged(output.splitlines(keepends=True))
            assert len(pairs) == 15
            check_whole(store, pairs)
        assert len(store.tasks.list()) == 30


def test_a_writer_waits_for_its_turn_and_readers_do_not(tmp_path, task):
    with Store.open(tmp_path) as store:
        first = store.tasks.add(*task("first"))
        other = WriteLock(tmp_path / LOCK, timeout=0)
        holding, released = threading.Event(), threading.Event()

        def hold():
            with other.held():
                holding.set()
                time.sleep(0.3)
                released.set()

        thread = threading.Thread(target=hold)
        thread.start()
        assert holding.wait(5)
        assert store.tasks.list() == [first]
        assert not released.is_set()
        second = store.tasks.add(*task("second"))
        assert released.is_set()
        thread.join()
        assert store.tasks.list() == [first, second]


def test_a_writer_gives_up_after_its_time_out_and_says_why(tmp_path, task):
    Store.open(tmp_path).close()
    holding, done = threading.Event(), threading.Event()

    def hold():
        with WriteLock(tmp_path / LOCK, timeout=0).held():
            holding.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(5)
    with Store.open(tmp_path, lock_timeout=0.1) as store:
        with pytest.raises(StoreBusyError, match=r"has been writing to .* for 0\.1 s.*try again"):
            store.tasks.add(*task("birds"))
        assert store.tasks.list() == []
    done.set()
    thread.join()


def test_threads_add_through_one_store(store, task):
    failures = []

    def add(prefix):
        try:
            for i in range(10):
                store.tasks.add(*task(f"{prefix}{i}", seed=i))
                store.tasks.list()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(prefix,)) for prefix in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [r.name for r in store.tasks.list()] == [f"{p}{i}" for p in "abc" for i in range(10)]


def test_a_failure_midway_undoes_everything(store, task):
    old = store.tasks.add(*task("birds", seed=1), thumbnail=b"old")
    with closing(sqlite3.connect(store.path / DATABASE)) as raw:
        # Strikes once the old vectors are gone and the new ones written.
        raw.execute(
            "CREATE TRIGGER strike BEFORE INSERT ON thumbnails"
            " BEGIN SELECT RAISE(ABORT, 'struck'); END"
        )
    with pytest.raises(StoreError, match=r"got struck\. Nothing was changed"):
        store.tasks.add(*task("birds", seed=2), thumbnail=b"new", replace=True)
    assert store.tasks.list() == [old]
    assert store.tasks.thumbnail("birds") == b"old"
    np.testing.assert_array_equal(
        store.tasks.embedding("birds").values, task("birds", seed=1)[1].values
    )
    store.tasks.add(*task("fish"))
