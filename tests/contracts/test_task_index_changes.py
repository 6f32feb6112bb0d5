"""What an index finds of tasks that were removed or replaced since it was built."""

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, replace
from index_builders import embed, found, naive, random_embeddings

from task2vec.store import Role


@pytest.mark.parametrize("role", Role)
def test_tasks_that_went_since_give_their_place_to_the_next(build, role):
    embeddings = random_embeddings(12)
    query = embeddings["task003"]
    order = [name for _, name, _, _ in naive(embeddings, query, k=12, role=role)]
    index = build(embeddings)
    removed, moved = order[0], order[3]
    kept = {n: e for n, e in embeddings.items() if n not in (removed, moved)}
    elsewhere = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    del embeddings[removed]
    embeddings[moved] = replace(embeddings[moved], provenance=elsewhere)
    assert found(index.search(query, k=4, role=role)) == naive(kept, query, k=4, role=role)
    assert len(index.search(query, k=12, role=role)) == 10


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("k", [1, 4, 11, 12])
def test_tasks_that_were_replaced_since_are_found_as_they_are_now(build, role, k):
    # The nearest goes away, others come nearer and one is in two places; all were among the first.
    embeddings = random_embeddings(12)
    query = embeddings["task003"]
    order = [name for _, name, _, _ in naive(embeddings, query, k=12, role=role)]
    index = build(embeddings)
    before = dict(embeddings)
    embeddings[order[0]] = before[order[7]]
    if k == 12:
        embeddings[order[10]] = before[order[1]]
        embeddings[order[4]] = embed(10 * before[order[2]].values)
        # The same values, and another error.
        again = draw_replicates(np.random.default_rng(5), 40)
        embeddings[order[5]] = replace(before[order[5]], replicates=again.astype(np.float16))
    got = index.search(query, k=k, role=role)
    assert found(got) == naive(embeddings, query, k=k, role=role)


def test_a_task_that_is_replaced_all_the_time_is_found_once(build):
    embeddings = random_embeddings(12)
    order = [name for _, name, _, _ in naive(embeddings, embeddings["task003"], k=12)]
    others = iter(random_embeddings(500).values())

    class Restless(dict):
        def __getitem__(self, name):
            return next(others) if name == order[1] else super().__getitem__(name)

    index = build(restless := Restless(embeddings))
    for k in (2, 12):
        got = index.search(restless["task003"], k=k)
        assert len({n.name for n in got}) == k
        assert got == sorted(got, key=lambda n: (n.distance, n.name))
