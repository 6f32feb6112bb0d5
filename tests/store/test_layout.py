"""The places of tasks in the plane, which follow the store."""

import logging

import numpy as np
import pytest
from factories import SPACE, make_embedding, make_record
from scipy.spatial.distance import pdist

from task2vec.distance import symmetric_matrix
from task2vec.plots.layout import lay_out, stress
from task2vec.store import Store

ELEMENTS = 60


def tasks(count, *, first=0):
    """Named tasks near a plane of the space of logarithms."""
    axes = np.random.default_rng(100).normal(size=(3, ELEMENTS))
    made = []
    for i in range(first, first + count):
        rng = np.random.default_rng([7, i])
        logs = axes[0] - 9 + rng.normal(size=2) @ axes[1:] + 0.2 * rng.normal(size=ELEMENTS)
        made.append((make_record(f"task{i:04}"), make_embedding(np.exp(logs))))
    return made


def places(store):
    found = store.layout(SPACE)
    names = [record.name for record in found.records]
    return dict(zip(names, map(tuple, found.places.tolist()), strict=True))


def matrix_of(store):
    records, values = store.tasks.matrix(SPACE)
    distances = symmetric_matrix(values, values, prior_precision=SPACE.prior_precision)
    return [record.name for record in records], distances


def test_an_empty_space_has_no_places(store):
    found = store.layout(SPACE)
    assert (list(found.records), found.places.shape, found.stress) == ([], (0, 2), 0.0)


@pytest.mark.parametrize("count", [40, 300])
def test_lengths_are_nearly_as_true_as_with_all_distances(store, count):
    store.tasks.add_many(tasks(count))
    names, distances = matrix_of(store)
    found = places(store)
    assert list(found) == names
    here = np.array([found[name] for name in names])
    best = stress(distances, lay_out(distances, method="mds", seed=0))
    assert stress(distances, here) < 1.1 * best + 0.005
    assert store.layout(SPACE).stress == pytest.approx(stress(distances, here), rel=0.1)
    assert store.layout(SPACE).landmarks == min(count, 128)
    assert pdist(here).mean() == pytest.approx(distances[np.triu_indices(count, 1)].mean(), rel=0.1)


def test_a_new_task_moves_no_other_until_they_have_doubled(store):
    store.tasks.add_many(tasks(40))
    before = places(store)
    store.tasks.add_many(tasks(39, first=40))
    after = places(store)
    assert {name: after[name] for name in before} == before
    assert len(after) == 79
    store.tasks.add_many(tasks(1, first=79))
    doubled = places(store)
    both = [np.array([some[name] for name in before]) for some in (before, doubled)]
    assert not np.array_equal(*both)
    # Laid out anew, but turned as before.
    assert np.corrcoef(both[0].T, both[1].T)[[0, 1], [2, 3]].min() > 0.9


def test_it_follows_replacing_and_removing(store):
    store.tasks.add_many(tasks(30))
    before = places(store)
    moved = tasks(1, first=500)[0][1]
    store.tasks.add(make_record("task0003"), moved, replace=True)
    store.tasks.remove("task0005")
    store.tasks.edit("task0007", name="renamed")
    after = places(store)
    assert after["task0003"] != before["task0003"]
    assert "task0005" not in after
    assert after["renamed"] == before["task0007"]
    assert after["task0009"] == before["task0009"]


def test_the_next_process_takes_it_from_the_file(store, caplog):
    store.tasks.add_many(tasks(30))
    before = places(store)
    store.tasks.add_many(tasks(5, first=30))
    with caplog.at_level(logging.WARNING), Store.open(store.path) as again:
        found = places(again)
    assert {name: found[name] for name in before} == before
    assert len(found) == 35
    assert caplog.text == ""


@pytest.mark.parametrize("damage", ["cut", "flipped", "of other embeddings"])
def test_a_damaged_file_is_made_again(store, caplog, damage):
    store.tasks.add_many(tasks(30))
    before = places(store)
    (data,) = (store.path / "index").glob("layout-*.npz")
    content = data.read_bytes()
    if damage == "cut":
        data.write_bytes(content[:-100])
    elif damage == "flipped":
        data.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    else:
        (manifest,) = (store.path / "index").glob("layout-*.json")
        text = manifest.read_text()
        assert '"fitted": 30' in text
        manifest.write_text(text.replace('"fitted": 30', '"fitted": 31'))
    with caplog.at_level(logging.WARNING), Store.open(store.path) as again:
        assert places(again) == before
    assert "is made again" in caplog.text


def test_what_was_interrupted_goes_on(store):
    store.tasks.add_many(tasks(1300))
    calls = []

    def check():
        calls.append(len(calls))
        if len(calls) == 3:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        store.layout(SPACE, check=check)
    rest = []
    found = store.layout(SPACE, check=lambda: rest.append(0))
    assert len(found.records) == 1300
    assert np.isfinite(found.places).all()
    # Two parts of 512 were placed before, beside the landmarks.
    assert len(rest) == 1
