import hashlib
import math
import re
import sqlite3
from datetime import timedelta

import numpy as np
import pytest
from factories import replace
from raw_rows import damaged, written

from task2vec.errors import (
    InputError,
    NameTakenError,
    SettingError,
    SpaceMismatchError,
    StoreCorruptError,
    UnknownNameError,
)
from task2vec.messages.outcomes import OutcomeFilter, StoredOutcome
from task2vec.messages.tasks import TaskListing
from task2vec.store import Store
from task2vec.store.opening import DATABASE


def same(a, b):
    assert a.values.tobytes() == b.values.tobytes()
    assert a.errors.tobytes() == b.errors.tobytes()
    assert a.replicates.tobytes() == b.replicates.tobytes()
    assert a.replicates.shape == b.replicates.shape
    assert a.values.dtype == b.values.dtype == np.float32
    assert a.replicates.dtype == b.replicates.dtype == np.float16
    assert a.provenance == b.provenance


def test_what_is_added_is_read_back_unchanged_after_reopening(tmp_path, task):
    record, embedding = task("birds", tags=("wild", "small"))
    with Store.open(tmp_path) as store:
        added = store.tasks.add(record, embedding, thumbnail=b"\x89PNG")
    assert re.fullmatch(r"tsk_[0-9a-f]{16}", added.id)
    assert added.created.utcoffset() == timedelta(0)
    assert added.created.microsecond % 1000 == 0
    assert added == replace(record, id=added.id, created=added.created)
    with Store.open(tmp_path, create=False) as store:
        for key in ("birds", added.id):
            assert store.tasks.get(key) == added
            same(store.tasks.embedding(key), embedding)
            assert store.tasks.thumbnail(key) == b"\x89PNG"


def test_extreme_elements_keep_their_bits(store, task):
    record, embedding = task("extreme")
    values = np.float32([0.0, 1e-45, 3.4e38, 1e-12, 0.1])
    replicates = np.float16([[0.0, 6e-8, 65504.0, 1.0, 0.1]] * 3)
    embedding = replace(embedding, values=values, errors=np.zeros(5), replicates=replicates)
    store.tasks.add(record, embedding)
    same(store.tasks.embedding("extreme"), embedding)


def test_a_complexity_that_is_nan_stays_so(store, task):
    record, embedding = task("unknown")
    store.tasks.add(replace(record, complexity=math.nan), embedding)
    assert math.isnan(store.tasks.get("unknown").complexity)


def test_a_path_that_is_no_unicode_is_kept(store, task):
    record, embedding = task("birds")
    added = store.tasks.add(replace(record, source="/data/v\udcf6gel"), embedding)
    assert store.tasks.get("birds") == added


def test_a_name_that_is_no_unicode_is_an_error_of_the_caller(store, task):
    for attempt in (store.tasks.get, store.tasks.remove, lambda name: store.tasks.add(*task(name))):
        with pytest.raises(SettingError):
            attempt("v\udcf6gel")


def test_a_taken_name_is_refused_and_nothing_changes(store, task):
    first = store.tasks.add(*task("birds", seed=1))
    with pytest.raises(NameTakenError, match=r"'birds' already.*--update"):
        store.tasks.add(*task("birds", seed=2))
    assert store.tasks.list() == [first]
    same(store.tasks.embedding("birds"), task("birds", seed=1)[1])


def test_replacing_keeps_the_id_and_what_hangs_on_it(store, task, model):
    old = store.tasks.add(*task("birds", seed=1), thumbnail=b"old")
    expert = store.models.add(model("expert", task="birds"))
    outcome = store.outcomes.add(
        StoredOutcome(model="expert", task="birds", accuracy=0.5, protocol="p")
    )
    new = store.tasks.add(*task("birds", seed=2, elements=16), replace=True)
    assert new.id == old.id
    assert store.tasks.get("birds") == new
    same(store.tasks.embedding("birds"), task("birds", seed=2, elements=16)[1])
    assert store.tasks.thumbnail("birds") is None
    assert store.models.get("expert") == expert
    assert store.outcomes.list(OutcomeFilter(task="birds")) == [outcome]


def test_a_replaced_task_keeps_its_tags_unless_others_are_given(store, task):
    store.tasks.add(*task("birds", tags=("wild", "small")))
    new = store.tasks.add(*task("birds", seed=1), replace=True)
    assert new == store.tasks.get("birds")
    assert new.tags == ("wild", "small")
    assert store.tasks.add(*task("birds", tags=("tame",)), replace=True).tags == ("tame",)
    assert store.tasks.get("birds").tags == ("tame",)


def test_an_id_of_another_task_is_refused(store, task):
    added = store.tasks.add(*task("birds"))
    record, embedding = task("fish")
    with pytest.raises(NameTakenError, match=f"{added.id} belongs to task 'birds'"):
        store.tasks.add(replace(record, id=added.id), embedding)


@pytest.mark.parametrize(
    "name", ["", " birds", "two\nlines", "x" * 201, "tsk_0123456789abcdef", ".."], ids=repr
)
def test_an_unusable_name_is_refused(store, task, name):
    for replace_ in (False, True):
        with pytest.raises(SettingError, match="name cannot be used"):
            store.tasks.add(*task(name), replace=replace_)
    assert store.tasks.list() == []


def test_an_embedding_of_another_task_is_refused(store, task):
    with pytest.raises(SettingError, match="do not belong together"):
        store.tasks.add(task("birds", seed=1)[0], task("birds", seed=2)[1])


def test_an_unknown_name_suggests_close_ones(store, task):
    store.tasks.add(*task("flowers-102"))
    store.tasks.add(*task("cars"))
    with pytest.raises(UnknownNameError, match=r"'flower-102'\. Did you mean 'flowers-102'\?"):
        store.tasks.get("flower-102")
    with pytest.raises(UnknownNameError) as caught:
        store.tasks.embedding("zzz")
    assert "task2vec list" in caught.value.remedy


def test_list_filters_by_probe_and_tag_and_orders_by_name(store, task):
    store.tasks.add(*task("c", tags=("x",)))
    store.tasks.add(*task("a", tags=("x", "y")))
    store.tasks.add(*task("b", probe_name="other", tags=("x",)))
    names = {
        "all": [r.name for r in store.tasks.list()],
        "probe": [r.name for r in store.tasks.list(TaskListing(probe="tiny"))],
        "tag": [r.name for r in store.tasks.list(TaskListing(tag="y"))],
        "both": [r.name for r in store.tasks.list(TaskListing(probe="other", tag="x"))],
        "none": [r.name for r in store.tasks.list(TaskListing(tag="x,"))],
    }
    assert names == {
        "all": ["a", "b", "c"],
        "probe": ["a", "c"],
        "tag": ["a"],
        "both": ["b"],
        "none": [],
    }


def test_matrix_holds_the_tasks_of_one_space_in_the_order_of_the_records(store, task):
    record, _ = task("x")
    space = record.provenance.space
    for i, name in enumerate(["c", "a", "b"]):
        store.tasks.add(*task(name, seed=i))
    other = replace(space, prior_precision=1e-5)
    store.tasks.add(*task("elsewhere", space=other, elements=3))
    records, values = store.tasks.matrix(space)
    assert [r.name for r in records] == ["a", "b", "c"]
    expected = [task(n, seed=i)[1] for n, i in (("a", 1), ("b", 2), ("c", 0))]
    np.testing.assert_array_equal(values, [e.values for e in expected])
    assert values.dtype == np.float32
    assert store.tasks.matrix(other)[1].shape == (1, 3)
    nothing = store.tasks.matrix(replace(space, probe="none"))
    assert nothing[0] == []
    assert nothing[1].shape == (0, 0)


def test_removing_takes_everything_of_the_task(store, task):
    kept = store.tasks.add(*task("kept"))
    gone = store.tasks.add(*task("gone"), thumbnail=b"x")
    assert store.tasks.remove(gone.id) == gone
    assert store.tasks.list() == [kept]
    with sqlite3.connect(store.path / DATABASE) as raw:
        assert raw.execute("SELECT DISTINCT task FROM vectors").fetchall() == [(kept.id,)]
        assert raw.execute("SELECT task FROM thumbnails").fetchall() == []
    raw.close()


def test_removing_what_others_hang_on_is_refused_unless_they_go_too(store, task, model):
    store.tasks.add(*task("birds"))
    store.tasks.add(*task("fish"))
    store.models.add(model("expert", task="birds"))
    store.models.add(model("plain"))
    for name, on in (("expert", "fish"), ("plain", "birds"), ("plain", "fish")):
        store.outcomes.add(StoredOutcome(model=name, task=on, accuracy=0.5, protocol="p"))
    with pytest.raises(InputError, match=r"got models: 1, outcomes: 2.*`cascade` \(`--cascade`"):
        store.tasks.remove("birds")
    assert len(store.outcomes.list()) == 3
    store.tasks.remove("birds", cascade=True)
    assert [m.name for m in store.models.list()] == ["plain"]
    assert [(o.model, o.task) for o in store.outcomes.list()] == [
        (store.models.get("plain").id, store.tasks.get("fish").id)
    ]


def damage(store, sql, *values):
    with damaged(store.path) as raw:
        assert raw.execute(sql, values).rowcount > 0


@pytest.mark.parametrize("kind", ["values", "errors", "replicates"])
def test_a_flipped_bit_is_noticed_and_the_task_named(store, task, kind):
    record, embedding = task("birds")
    store.tasks.add(record, embedding)
    store.tasks.add(*task("fish"))
    flipped = bytearray(getattr(embedding, kind).tobytes())
    flipped[5] ^= 1
    damage(
        store,
        "UPDATE vectors SET data = ? WHERE kind = ? AND task = ?",
        bytes(flipped),
        kind,
        store.tasks.get("birds").id,
    )
    with pytest.raises(StoreCorruptError, match=r"task 'birds' is damaged.*--update"):
        store.tasks.embedding("birds")
    # A search looks at all values, and at the rest of the nearest tasks only.
    if kind == "values":
        with pytest.raises(StoreCorruptError, match=r"task 'birds' is damaged.*--update"):
            store.tasks.matrix(record.provenance.space)
    store.tasks.embedding("fish")
    store.tasks.add(record, embedding, replace=True)
    same(store.tasks.embedding("birds"), embedding)


@pytest.mark.parametrize(
    "provenance", ["{", "[]", '{"space": {}}'], ids=["no JSON", "a list", "fields missing"]
)
@pytest.mark.parametrize("way", [damaged, written])
def test_a_damaged_record_is_noticed_and_the_task_named(store, task, provenance, way):
    store.tasks.add(*task("birds"))
    with way(store.path) as raw:
        raw.execute("UPDATE tasks SET provenance = ?", [provenance])
    with pytest.raises(StoreCorruptError, match="record of task 'birds' is damaged"):
        store.tasks.get("birds")
    added = store.tasks.add(*task("birds", seed=1), replace=True)
    assert store.tasks.get("birds") == added


@pytest.mark.parametrize("kind", ["values", "errors", "replicates"])
def test_missing_vectors_are_noticed(store, task, kind):
    record, _ = task("birds")
    store.tasks.add(*task("birds"))
    damage(store, "DELETE FROM vectors WHERE kind = ?", kind)
    with pytest.raises(StoreCorruptError, match="no embedding"):
        store.tasks.embedding("birds")
    if kind == "values":
        with pytest.raises(StoreCorruptError, match="no embedding"):
            store.tasks.matrix(record.provenance.space)


@pytest.mark.parametrize("kind", ["errors", "replicates"])
@pytest.mark.parametrize("count", [0, 2, 30], ids="{} bytes".format)
def test_vectors_that_do_not_fit_one_another_are_noticed(store, task, kind, count):
    store.tasks.add(*task("birds"))
    data = bytes(count)
    damage(
        store,
        "UPDATE vectors SET data = ?, sha256 = ? WHERE kind = ?",
        data,
        hashlib.sha256(data).hexdigest(),
        kind,
    )
    with pytest.raises(StoreCorruptError, match=r"task 'birds' is damaged.*--update"):
        store.tasks.embedding("birds")


def test_many_are_added_together_or_not_at_all(store, task):
    batch = [task(name, seed=i) for i, name in enumerate("abc")]
    with pytest.raises(NameTakenError):
        store.tasks.add_many([*batch, task("b")])
    assert store.tasks.list() == []
    added = store.tasks.add_many(batch)
    assert [record.name for record in added] == ["a", "b", "c"]
    assert store.tasks.list() == added
    for (_, embedding), record in zip(batch, added, strict=True):
        same(store.tasks.embedding(record.id), embedding)


def test_all_embeddings_of_a_space_have_as_many_elements(store, task):
    store.tasks.add(*task("birds", elements=16))
    ways = (
        lambda added: store.tasks.add(*added),
        lambda added: store.tasks.add(*added, replace=True),
        lambda added: store.tasks.add_many([task("fine"), added]),
    )
    for elements in (5, 32):
        for add in ways:
            with pytest.raises(SpaceMismatchError) as caught:
                add(task("strange", elements=elements))
            assert (caught.value.expected or "").startswith("16 elements")
            assert caught.value.got == str(elements)
            assert "`task2vec remove " in (caught.value.remedy or "")
    with pytest.raises(SpaceMismatchError):
        store.tasks.add(*task("birds", elements=5), replace=True)
    assert [record.name for record in store.tasks.list()] == ["birds"]
    other = replace(task("birds")[0].provenance.space, probe="other:4567")
    store.tasks.add(*task("elsewhere", elements=5, space=other))
    assert store.tasks.elements(other) == 5


def test_many_embeddings_are_those_that_each_has(store, task):
    ids = [store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("abc")]
    store.tasks.remove("b")

    found = store.tasks.embeddings([*ids, "nobody"])

    assert set(found) == {ids[0], ids[2]}
    for id_, embedding in found.items():
        alone = store.tasks.embedding(id_)
        assert embedding.provenance == alone.provenance
        for field in ("values", "errors", "replicates"):
            assert getattr(embedding, field).tobytes() == getattr(alone, field).tobytes()
    assert store.tasks.embeddings([]) == {}


def test_tasks_come_with_their_hashes_in_the_order_that_was_asked_for(store, task, monkeypatch):
    monkeypatch.setattr("task2vec.store.sql.database._AT_ONCE", 2)
    ids = [store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("abcde")]
    asked = [ids[3], "nobody", ids[0], ids[4], ids[1]]

    found = store.tasks.with_image_hashes(asked)

    assert [record.id for record, _ in found] == [id_ for id_ in asked if id_ != "nobody"]
    assert [record for record, _ in found] == [store.tasks.get(r.id) for r, _ in found]
    assert [hashes for _, hashes in found] == [store.tasks.image_hashes(r.id) for r, _ in found]
