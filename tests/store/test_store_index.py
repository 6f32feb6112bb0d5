from dataclasses import replace

import pytest

from task2vec.distance import distance_error, task_symmetric_distance
from task2vec.store import ExactIndex, Role
from task2vec.types import Neighbour


def test_an_index_finds_what_it_took_in_as_the_store_has_it_now(store, task):
    embeddings = {}
    for i, name in enumerate("abcde"):
        record, embeddings[name] = task(name, seed=i)
        store.tasks.add(record, embeddings[name])
    space = embeddings["a"].space
    other = replace(space, head_penalty=1.0)
    store.tasks.add(*task("elsewhere", seed=9, space=other))
    index = store.index(space)
    store.tasks.add(*task("later", seed=10))
    store.tasks.remove("d")
    record, embeddings["c"] = task("c", seed=11)
    store.tasks.add(record, embeddings["c"], replace=True)
    store.tasks.add(*task("e", seed=4, space=other), replace=True)

    a = embeddings["a"]
    found = index.search(a, k=10)
    assert {neighbour.name for neighbour in found} == {"a", "b", "c"}
    assert found == sorted(found, key=lambda neighbour: neighbour.distance)
    for neighbour in found:
        there = embeddings[neighbour.name]
        assert neighbour == Neighbour(
            store.tasks.get(neighbour.name).id,
            neighbour.name,
            task_symmetric_distance(a, there),
            distance_error(a, there),
        )
    assert len(store.index(space)) == 4
    assert len(store.index(other)) == 2


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
