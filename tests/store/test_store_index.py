import numpy as np
import pytest
from factories import one_by_one, replace

from task2vec.distance import (
    distance_error,
    distance_interval,
    plain_symmetric_distance,
    task_symmetric_distance,
)
from task2vec.messages.neighbours import Neighbour
from task2vec.store import ExactIndex, Role
from task2vec.store.index import exact
from task2vec.store.index.measures import InRole
from task2vec.types import TaskEmbedding


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
            id=store.tasks.get(neighbour.name).id,
            name=neighbour.name,
            distance=task_symmetric_distance(a, there),
            standard_error=distance_error(a, there),
            interval=distance_interval(a, there),
            rank=neighbour.rank,
        )
    assert found[0].rank == 1
    assert len(store.index(space)) == 4
    assert len(store.index(other)) == 2


@pytest.mark.parametrize("role", Role)
def test_a_store_without_tasks_of_the_space_has_an_empty_index(store, task, role):
    _, embedding = task("a")
    assert store.index(embedding.space).search(embedding, k=3, role=role) == []


def test_errors_are_left_out_for_tasks_that_are_too_far_to_be_among_the_nearest(
    store, task, monkeypatch
):
    for i in range(20):
        store.tasks.add(*task(f"task{i}", seed=i))
    _, query = task("query", seed=30)
    whole = store.index(query.space).search(query, k=4)
    given = []
    estimates = InRole.estimates

    def counted(self, tasks, *, within):
        given.append(within)
        return estimates(self, tasks, within=within)

    monkeypatch.setattr(exact, "_READ", 2)
    monkeypatch.setattr(InRole, "estimates", counted)
    found = store.index(query.space).search(query, k=4)

    assert given[:2] == [np.inf, np.inf]
    assert np.isfinite(given[2:]).all()
    assert given[2:] == sorted(given[2:], reverse=True)
    assert len(given) > 3
    for one, other in zip(found, whole, strict=True):
        assert (one.id, one.rank) == (other.id, other.rank)
        assert one.interval == pytest.approx(other.interval, rel=1e-12)
        assert one.standard_error == pytest.approx(other.standard_error, rel=1e-12)


def test_only_the_embeddings_that_compete_are_read(store, task):
    for i in range(20):
        store.tasks.add(*task(f"task{i}", seed=i))
    _, query = task("query", seed=3)
    asked = []

    def embedding_of(id_):
        asked.append(id_)
        return store.tasks.embedding(id_)

    records, values = store.tasks.matrix(query.space)
    index = ExactIndex(
        query.space, records=records, values=values, embeddings_of=one_by_one(embedding_of)
    )
    found = index.search(query, k=3)
    competing = InRole(query, Role.SYMMETRIC).competing(3)
    assert len(asked) == competing < 20
    plain = sorted(store.tasks.list(), key=lambda r: plain_distance(store, query, r.id))
    assert asked == [record.id for record in plain[: len(asked)]]
    told = sorted(asked, key=lambda id_: task_symmetric_distance(query, store.tasks.embedding(id_)))
    assert [neighbour.id for neighbour in found] == told[:3]


def test_whole_embeddings_are_read_some_at_a_time(store, task, monkeypatch):
    """A thousand of them at once would be 215 MB, and a thousand questions to the database."""
    for i in range(30):
        store.tasks.add(*task(f"task{i}", seed=i))
    _, query = task("query", seed=3)
    whole = store.index(query.space).search(query, k=20)
    monkeypatch.setattr(exact, "_READ", 16)
    lots = []

    def embeddings_of(ids):
        lots.append(len(ids))
        return store.tasks.embeddings(ids)

    records, values = store.tasks.matrix(query.space)
    index = ExactIndex(query.space, records=records, values=values, embeddings_of=embeddings_of)
    assert index.search(query, k=20) == whole
    assert lots == [16, 14]


def plain_distance(store, query, id_):
    return plain_symmetric_distance(query, store.tasks.embedding(id_))


def test_neighbours_are_ordered_by_what_is_left_without_noise(store, task):
    """The same task with much noise is farther than another one, and nearer without the noise."""
    rng = np.random.default_rng(2)
    true = np.exp(rng.normal(size=3000) - 9)

    def noisy(values, spread):
        groups = values * rng.gamma(1 / spread, spread, size=(8, values.size))
        return TaskEmbedding.from_estimates(
            values=groups.mean(axis=0),
            errors=np.zeros(values.size),
            replicates=groups,
            provenance=provenance,
        )

    record, embedding = task("same")
    provenance = embedding.provenance
    query, same = noisy(true, 0.05), noisy(true, 4.0)
    other = noisy(true * np.exp(0.5 * rng.normal(size=true.size)), 0.05)
    assert plain_symmetric_distance(query, other) < plain_symmetric_distance(query, same)
    store.tasks.add(record, same)
    store.tasks.add(replace(record, name="other"), other)
    found = store.index(query.space).search(query, k=2)
    assert [neighbour.name for neighbour in found] == ["same", "other"]
    assert found[0].distance < found[1].distance
    low, high = found[0].interval
    assert low < found[0].distance < high
