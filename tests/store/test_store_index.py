from dataclasses import replace

import pytest

from task2vec.distance import task_symmetric_distance
from task2vec.store import Role


def test_an_index_holds_the_tasks_of_its_space_as_they_were(store, task):
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

    got = index.search(embeddings["a"], k=10)
    expected = sorted(
        (task_symmetric_distance(embeddings["a"], e), n) for n, e in embeddings.items()
    )
    assert [(n.distance, n.name) for n in got] == expected
    assert got[0].id == store.tasks.get("a").id
    assert len(store.index(space)) == 4
    assert len(store.index(other)) == 1


@pytest.mark.parametrize("role", Role)
def test_a_store_without_tasks_of_the_space_has_an_empty_index(store, task, role):
    _, embedding = task("a")
    assert store.index(embedding.space).search(embedding, k=3, role=role) == []
