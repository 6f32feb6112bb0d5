from dataclasses import replace

import pytest

from task2vec.distance import distance_error, task_symmetric_distance
from task2vec.store import ExactIndex, Role
from task2vec.types import Neighbour


def test_an_index_finds_the_tasks_of_its_space_that_have_not_changed_since(store, task):
    embeddings = {}
    for i, name in enumerate("abcd"):
        record, embeddings[name] = task(name, seed=i)
        store.tasks.add(record, embeddings[name])
    space = embeddings["a"].space
    other = replace(space, head_penalty=1.0)
    store.tasks.add(*task("elsewhere", seed=9, space=other))
    index = store.index(space)
    store.tasks.add(*task("later", seed=10))
    store.tasks.remove("d")
    store.tasks.add(*task("c", seed=11), replace=True)

    a, b = embeddings["a"], embeddings["b"]
    assert index.search(a, k=10) == [
        Neighbour(store.tasks.get("a").id, "a", 0.0, distance_error(a, a)),
        Neighbour(
            store.tasks.get("b").id, "b", task_symmetric_distance(a, b), distance_error(a, b)
        ),
    ]
    assert len(store.index(space)) == 4
    assert len(store.index(other)) == 1


@pytest.mark.parametrize("role", Role)
def test_a_store_without_tasks_of_the_space_has_an_empty_index(store, task, role):
    _, embedding = task("a")
    assert store.index(embedding.space).search(embedding, k=3, role=role) == []


def test_only_the_embeddings_that_are_found_are_read(store, task):
    for i in range(12):
        store.tasks.add(*task(f"task{i}", seed=i))
    _, query = task("query", seed=3)
    asked = []

    def embedding_of(id_):
        asked.append(id_)
        return store.tasks.embedding(id_)

    records, values = store.tasks.matrix(query.space)
    index = ExactIndex(query.space, records=records, values=values, embedding_of=embedding_of)
    assert asked == [neighbour.id for neighbour in index.search(query, k=3)]
