import numpy as np
import pytest
from raw_rows import written

from task2vec.errors import NameTakenError, StoreCorruptError, UnknownNameError
from task2vec.store import Store
from task2vec.types.image_hashes import IMAGE_HASH, hashes_from_bytes


def some_hashes(count, *, seed=0):
    data = np.random.default_rng(seed).bytes(count * IMAGE_HASH.itemsize)
    return hashes_from_bytes(data)


def test_hashes_are_read_back_bit_by_bit(task, tmp_path):
    kept = {}
    with Store.open(tmp_path) as store:
        for number, count in enumerate((40, None, 0, 1)):
            record, embedding = task(f"task {number}", seed=number)
            hashes = None if count is None else some_hashes(count, seed=number)
            added = store.tasks.add(record, embedding, hashes=hashes)
            if hashes is not None:
                kept[added.id] = hashes
    with Store.open(tmp_path, create=False) as store:
        found = store.tasks.all_image_hashes()
        assert found.keys() == kept.keys()
        for id_, hashes in kept.items():
            np.testing.assert_array_equal(found[id_], hashes)
            np.testing.assert_array_equal(store.tasks.image_hashes(id_), hashes)
        for record in store.tasks.list():
            assert (store.tasks.image_hashes(record.name) is None) == (record.id not in kept)


def test_hashes_go_with_their_task(store, task):
    record, embedding = task("birds")
    store.tasks.add(record, embedding, hashes=some_hashes(3))
    with pytest.raises(NameTakenError):
        store.tasks.add(record, embedding, hashes=some_hashes(5))
    assert len(store.tasks.image_hashes("birds")) == 3
    store.tasks.edit("birds", name="fish")
    assert len(store.tasks.image_hashes("fish")) == 3
    store.tasks.add(task("fish")[0], embedding, hashes=some_hashes(4, seed=1), replace=True)
    np.testing.assert_array_equal(store.tasks.image_hashes("fish"), some_hashes(4, seed=1))
    store.tasks.add(task("fish")[0], embedding, replace=True)
    assert store.tasks.image_hashes("fish") is None
    store.tasks.add(task("fish")[0], embedding, hashes=some_hashes(2), replace=True)
    store.tasks.remove("fish")
    assert store.tasks.all_image_hashes() == {}
    with pytest.raises(UnknownNameError):
        store.tasks.image_hashes("fish")


def test_damaged_hashes_are_told_of(tmp_path, task):
    record, embedding = task("birds")
    with Store.open(tmp_path) as store:
        added = store.tasks.add(record, embedding, hashes=some_hashes(3))
    with written(tmp_path) as raw:
        raw.execute("UPDATE image_hashes SET data = substr(data, 1, 100)")
    with Store.open(tmp_path) as store:
        for ask in (store.tasks.all_image_hashes, lambda: store.tasks.image_hashes("birds")):
            with pytest.raises(StoreCorruptError, match=f"{added.id}.*damaged"):
                ask()


def test_hashes_of_another_scheme_are_none(tmp_path, task):
    record, embedding = task("birds")
    with Store.open(tmp_path) as store:
        store.tasks.add(record, embedding, hashes=some_hashes(3))
    with written(tmp_path) as raw:
        raw.execute("UPDATE image_hashes SET scheme = 'dct 0'")
    with Store.open(tmp_path) as store:
        assert store.tasks.image_hashes("birds") is None
        assert store.tasks.all_image_hashes() == {}
