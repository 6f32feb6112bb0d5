"""The index that follows the store."""

import logging
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, make_embedding, make_record, replace

from task2vec.store import ExactIndex, Role, Store
from task2vec.store.index import FaissIndex, LiveIndex, live
from task2vec.store.index import faiss as faiss_index
from task2vec.store.index.files import IndexFiles

CROSSOVER = 300
ELEMENTS = 120


def tasks(count, *, first=0, seed=0):
    """Named tasks in clusters of 20."""
    shared = 2 * np.random.default_rng(100).normal(size=ELEMENTS) - 9
    made = []
    for i in range(first, first + count):
        centre = np.random.default_rng([seed, i // 20]).normal(size=ELEMENTS)
        rng = np.random.default_rng([seed, 1, i])
        values = np.exp(shared + centre + 0.4 * rng.normal(size=ELEMENTS))
        embedding = make_embedding(values, replicates=draw_replicates(rng, ELEMENTS))
        made.append((make_record(f"task{i:04}"), embedding))
    return made


@pytest.fixture
def beside_torch(monkeypatch):
    """Let FAISS be used although other tests of this process have loaded torch."""
    monkeypatch.setattr(live, "usable", lambda: True)


def follow(store):
    return LiveIndex(
        SPACE,
        update_since=lambda number: store.tasks.update_since(SPACE, number),
        embeddings_of=store.tasks.embeddings,
        files=IndexFiles(store.path / "index", SPACE),
        crossover=CROSSOVER,
    )


def scan(store):
    records, values = store.tasks.matrix(SPACE)
    return ExactIndex(SPACE, records=records, values=values, embeddings_of=store.tasks.embeddings)


def agree(index, store, queries):
    exact = scan(store)
    assert len(index) == len(exact)
    for query in queries:
        # A mean over tasks in another order has other last digits: no centred distances.
        for role in (Role.SYMMETRIC, Role.SOURCES_FOR):
            assert index.search(query, k=5, role=role) == exact.search(query, k=5, role=role)


@pytest.mark.usefixtures("beside_torch")
def test_it_follows_every_change_through_building_growing_and_tidying(store):
    queries = [embedding for _, embedding in tasks(460)[7::150]]
    following = follow(store)
    assert len(following.current()) == 0
    store.tasks.add_many(tasks(290))
    assert isinstance(following.current(), ExactIndex)
    agree(following.current(), store, queries)
    store.tasks.add_many(tasks(170, first=290))
    agree(following.current(), store, queries)
    following.wait()
    index = following.current()
    assert isinstance(index, FaissIndex)
    assert index.covered == 460
    agree(index, store, queries)
    # A few more are scanned, many are taken into FAISS, twice as many have it fitted again.
    store.tasks.add_many(tasks(100, first=460))
    assert following.current().covered == 460
    agree(following.current(), store, queries)
    for i in range(0, 460, 3):
        store.tasks.remove(f"task{i:04}")
    agree(following.current(), store, queries)
    for record, _ in tasks(6, first=1):
        if record.name not in ("task0003", "task0006"):
            store.tasks.add(record, tasks(1, first=900)[0][1], replace=True)
    agree(following.current(), store, queries)
    store.tasks.add_many(tasks(400, first=560))
    agree(following.current(), store, queries)
    following.wait()
    agree(following.current(), store, queries)
    # The file is taken up by the next process, whatever happened since.
    store.tasks.add_many(tasks(5, first=1000))
    again = follow(store).current()
    assert isinstance(again, FaissIndex)
    agree(again, store, queries)


def test_what_was_handed_out_stays_what_it_was(store):
    store.tasks.add_many(tasks(30))
    following = follow(store)
    before = following.current()
    assert following.current() is before
    query = tasks(1, first=3)[0][1]
    found = before.search(query, k=30)
    store.tasks.add_many(tasks(30, first=30))
    after = following.current()
    assert (len(before), len(after)) == (30, 60)
    assert before.search(query, k=60) == found
    assert len(after.search(query, k=60)) == 60


@pytest.mark.usefixtures("beside_torch")
def test_threads_search_while_others_add_and_remove(store):
    store.tasks.add_many(tasks(320))
    following = follow(store)
    following.current()
    following.wait()
    queries = [embedding for _, embedding in tasks(320)[::40]]
    done = threading.Event()

    def search(seed):
        rounds = 0
        while not done.is_set() or rounds < 5:
            found = following.current().search(queries[(seed + rounds) % 8], k=5)
            assert len({n.id for n in found}) == 5
            assert found == sorted(found, key=lambda n: (n.distance, n.name))
            rounds += 1
        return rounds

    with ThreadPoolExecutor(4) as pool:
        searching = [pool.submit(search, seed) for seed in range(4)]
        try:
            for i in range(320, 380):
                store.tasks.add(*tasks(1, first=i)[0])
                store.tasks.remove(f"task{i - 300:04}")
        finally:
            done.set()
        assert all(s.result() >= 5 for s in searching)
    agree(following.current(), store, queries)


@pytest.mark.usefixtures("beside_torch")
def test_a_damaged_file_is_said_and_the_index_built_from_the_store(store, caplog):
    store.tasks.add_many(tasks(320))
    first = follow(store)
    first.current()
    first.wait()
    (data,) = (store.path / "index").glob("*.npz")
    whole = bytearray(data.read_bytes())
    whole[-1000] ^= 4
    data.write_bytes(whole)
    second = follow(store)
    with caplog.at_level(logging.WARNING):
        assert isinstance(second.current(), ExactIndex)
    assert "is built again" in caplog.text
    second.wait()
    assert isinstance(second.current(), FaissIndex)
    agree(second.current(), store, [tasks(1, first=9)[0][1]])
    assert isinstance(follow(store).current(), FaissIndex)


def test_more_changes_than_are_read_singly_are_read_as_a_whole(store):
    following = follow(store)
    following.current()
    for first in range(0, 600, 200):
        store.tasks.add_many(tasks(200, first=first))
    update = store.tasks.update_since(SPACE, 0)
    assert update.gone is None
    assert [record.name for record in update.records] == [f"task{i:04}" for i in range(600)]
    assert store.tasks.update_since(SPACE, 600) is None
    # More than the store ever counted: it is another store.
    assert store.tasks.update_since(SPACE, 601).gone is None
    agree(following.current(), store, [tasks(1)[0][1]])


def test_a_task_that_moves_to_another_space_leaves_the_index(store):
    store.tasks.add_many(tasks(3))
    following = follow(store)
    following.current()
    record, embedding = tasks(1)[0]
    elsewhere = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.5))
    store.tasks.add(
        replace(record, provenance=elsewhere),
        replace(embedding, provenance=elsewhere),
        replace=True,
    )
    found = following.current().search(embedding, k=3)
    assert sorted(neighbour.name for neighbour in found) == ["task0001", "task0002"]


def test_a_process_with_torch_scans(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", sys)
    assert not faiss_index.usable()
    monkeypatch.delitem(sys.modules, "torch")
    assert faiss_index.usable()


def test_the_store_uses_faiss_in_a_process_of_its_own(tmp_path):
    with Store.open(tmp_path) as store:
        for first in range(0, 1000, 250):
            store.tasks.add_many(tasks(250, first=first))
    source = textwrap.dedent(
        f"""
        import sys
        sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]!r}
        from pathlib import Path
        from task2vec.store import Store
        from factories import SPACE
        with Store.open(Path({str(tmp_path)!r}), create=False) as store:
            query = store.tasks.embedding("task0500")
            scanned = store.index(SPACE)
            store._indices[SPACE].wait()
            index = store.index(SPACE)
            assert index.search(query, k=10) == scanned.search(query, k=10)
            print(type(scanned).__name__, type(index).__name__, "torch" in sys.modules)
        """
    )
    said = subprocess.run(
        [sys.executable, "-c", source], check=True, capture_output=True, text=True
    )
    assert said.stdout.split() == ["ExactIndex", "FaissIndex", "False"]
