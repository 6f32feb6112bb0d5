"""Pictures of classes are stored with their task, and go with it."""

import pytest
from raw_rows import written

from task2vec.errors import StoreCorruptError, UnknownNameError
from task2vec.store import Store
from task2vec.types.class_pictures import ClassPictures


def pictures_of(embedding, *, side=8):
    counts = tuple(1 + number % 4 for number in range(embedding.provenance.classes))
    return ClassPictures(side, counts, b"\xff\xd8\xff and more")


def test_pictures_go_with_their_task(store, task):
    record, embedding = task("birds")
    store.tasks.add(record, embedding, pictures=pictures_of(embedding))
    assert store.tasks.pictures("birds") == pictures_of(embedding)
    store.tasks.edit("birds", name="fish")
    assert store.tasks.pictures("fish") == pictures_of(embedding)
    other = pictures_of(embedding, side=16)
    store.tasks.add(task("fish")[0], embedding, pictures=other, replace=True)
    assert store.tasks.pictures("fish") == other
    store.tasks.add(task("fish")[0], embedding, replace=True)
    assert store.tasks.pictures("fish") is None
    store.tasks.add(task("fish")[0], embedding, pictures=other, replace=True)
    store.tasks.remove("fish")
    with pytest.raises(UnknownNameError):
        store.tasks.pictures("fish")


def test_damaged_pictures_are_told_of_and_can_be_dropped(tmp_path, task):
    record, embedding = task("birds")
    with Store.open(tmp_path / "s") as store:
        added = store.tasks.add(record, embedding, pictures=pictures_of(embedding))
    with written(tmp_path / "s") as raw:
        raw.execute("UPDATE class_pictures SET data = substr(data, 1, 4)")
    with Store.open(tmp_path / "s") as store:
        with pytest.raises(StoreCorruptError, match=f"pictures of classes .* {added.id}"):
            store.tasks.pictures("birds")
        assert store.tasks.embedding("birds") is not None
