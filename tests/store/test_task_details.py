"""What a task is explained by is stored with it, and is not there for those of older stores."""

import json

import numpy as np
import pytest
from raw_rows import written

from task2vec.embedding.class_scatter import class_scatter
from task2vec.errors import InputError, StoreCorruptError, UnknownNameError
from task2vec.store import Store
from task2vec.types.details import (
    ClassRecognition,
    EmbeddingDetails,
    HeadInformation,
    LayerElements,
)


def details_of(embedding, *, correct=3):
    elements = embedding.values.size
    layers = (LayerElements("stem", 1), LayerElements("blocks.0", elements - 1))
    classes = [ClassRecognition(4, 4, {}) for _ in embedding.provenance.class_names]
    classes[0] = ClassRecognition(4, correct, {1: 4 - correct})
    head = HeadInformation(40.5 + correct, 300)
    return EmbeddingDetails(
        layers=layers, classes=tuple(classes), scatter=scatter_of(correct), head=head
    )


def scatter_of(seed):
    features = np.random.default_rng(seed).normal(size=(12, 5))
    return class_scatter(features, np.arange(12) % 3, classes=3)


def test_details_go_with_their_task(store, task):
    record, embedding = task("birds")
    store.tasks.add(record, embedding, details=details_of(embedding))
    assert store.tasks.details("birds") == details_of(embedding)
    store.tasks.edit("birds", name="fish")
    assert store.tasks.details("fish") == details_of(embedding)
    other = details_of(embedding, correct=1)
    store.tasks.add(task("fish")[0], embedding, details=other, replace=True)
    assert store.tasks.details("fish") == other
    store.tasks.add(task("fish")[0], embedding, replace=True)
    assert store.tasks.details("fish") is None
    store.tasks.add(task("fish")[0], embedding, details=other, replace=True)
    store.tasks.remove("fish")
    with pytest.raises(UnknownNameError):
        store.tasks.details("fish")


def test_details_without_classes_are_kept(store, task):
    record, embedding = task("birds")
    whole = EmbeddingDetails(layers=(LayerElements("all", embedding.values.size),), classes=None)
    store.tasks.add(record, embedding, details=whole)
    assert store.tasks.details("birds") == whole


def test_damaged_details_are_told_of(tmp_path, task):
    record, embedding = task("birds")
    with Store.open(tmp_path) as store:
        added = store.tasks.add(record, embedding, details=details_of(embedding))
    with written(tmp_path) as raw:
        raw.execute(
            """UPDATE task_details SET data = '{"layers": [["stem", 1]], "classes": null}'"""
        )
    with Store.open(tmp_path) as store, pytest.raises(StoreCorruptError, match=added.id):
        store.tasks.details("birds")


def test_what_tasks_ask_is_read_of_many_at_once(store, task, monkeypatch):
    monkeypatch.setattr("task2vec.store.sql.database._AT_ONCE", 2)
    ids = []
    for seed, name in enumerate(("birds", "fish", "cars")):
        record, embedding = task(name)
        details = details_of(embedding, correct=seed) if seed else None
        ids.append(store.tasks.add(record, embedding, details=details).id)
    found = store.tasks.scatters([*ids, "nothing"])
    assert found == {ids[seed]: scatter_of(seed) for seed in (1, 2)}
    store.tasks.remove("fish")
    assert list(store.tasks.scatters(ids)) == [ids[2]]


def test_a_damaged_scatter_is_told_of(tmp_path, task):
    record, embedding = task("birds")
    with Store.open(tmp_path) as store:
        added = store.tasks.add(record, embedding, details=details_of(embedding))
    with written(tmp_path) as raw:
        raw.execute("UPDATE class_scatters SET data = substr(data, 1, 40)")
    with Store.open(tmp_path) as store:
        for read in (
            lambda: store.tasks.details("birds"),
            lambda: store.tasks.scatters([added.id]),
        ):
            with pytest.raises(StoreCorruptError, match=f"scatters .* {added.id}"):
                read()


def test_nats_in_heads_are_read_of_many_at_once(store, task, monkeypatch):
    monkeypatch.setattr("task2vec.store.sql.database._AT_ONCE", 2)
    ids = []
    for seed, name in enumerate(("birds", "fish", "cars", "dogs")):
        record, embedding = task(name)
        details = details_of(embedding, correct=seed) if seed else None
        if seed == 3:
            # As an earlier version wrote them.
            details = details.model_copy(update={"head": None})
        ids.append(store.tasks.add(record, embedding, details=details).id)
    assert store.tasks.details("dogs").head is None
    found = store.tasks.heads([*ids, "nothing"])
    assert found == {ids[1]: HeadInformation(41.5, 300), ids[2]: HeadInformation(42.5, 300)}


@pytest.mark.parametrize("head", ["[-1, 300]", "[NaN, 300]", "[1]", "{}"])
def test_damaged_nats_are_told_of(tmp_path, task, head):
    record, embedding = task("birds")
    with Store.open(tmp_path) as store:
        added = store.tasks.add(record, embedding, details=details_of(embedding))
    with written(tmp_path) as raw:
        raw.execute("UPDATE task_details SET data = ?", (f'{{"head": {head}}}',))
    with Store.open(tmp_path) as store, pytest.raises(StoreCorruptError, match=added.id):
        store.tasks.heads([added.id])


@pytest.mark.parametrize(
    "change",
    [
        {"layers": [["stem", 9]]},
        {"head": [-0.5, 300]},
        {"head": [float("inf"), 300]},
        {"head": ["4", 300]},
        {"head": [4.0, 0]},
        {"head": 4.0},
        {"layers": [["a\nb", 10]]},
        {"layers": [["stem", -1], ["head", 11]]},
        {"layers": "stem"},
        {"layers": [["stem", 10], ["empty", 0]]},
        {"layers": [["", 10]]},
        {"classes": [[0, 0, []], [4, 4, []]]},
        {"classes": [[0, 0, []], [0, 0, []]]},
        {"classes": [[4, 3, [[0, 1]]], [4, 4, []]]},
        {"classes": [[4, 4, []]]},
        {"classes": [[4, 3, []], [4, 4, []]]},
        {"classes": [[4, 3, [[2, 1]]], [4, 4, []]]},
        {"classes": [[4, 3.0, [[1, 1]]], [4, 4, []]]},
        {"classes": [[True, 1, []], [4, 4, []]]},
    ],
    ids=str,
)
def test_what_does_not_fit_an_embedding_is_refused(change):
    good = {"layers": [["stem", 10]], "classes": [[4, 3, [[1, 1]]], [4, 4, []]]}
    found = EmbeddingDetails.fitting(good, elements=10, classes=2)
    assert json.loads(json.dumps(found.model_dump(mode="json", exclude_defaults=True))) == good
    with pytest.raises(InputError, match="details"):
        EmbeddingDetails.fitting({**good, **change}, elements=10, classes=2)
    with pytest.raises(InputError, match="details"):
        EmbeddingDetails.fitting([], elements=10, classes=2)
