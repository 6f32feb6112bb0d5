"""When FAISS proposes, and when all tasks are looked at."""

import numpy as np
import pytest
from factories import SPACE, draw_replicates, make_embedding, make_record

from task2vec.distance import task_symmetric_distance
from task2vec.store import ExactIndex, Role
from task2vec.store.index import FaissIndex, TaskFilter
from task2vec.store.index.faiss import flat_index
from task2vec.store.index.geometry import Geometry

ELEMENTS, COUNT = 120, 900
SHARED = 2 * np.random.default_rng(100).normal(size=ELEMENTS) - 9


class Judged(ExactIndex):
    """An exact index that notes how many distances are asked of it."""

    def symmetric(self, query, rows):
        self.__dict__.setdefault("asked", []).append(len(rows))
        return super().symmetric(query, rows)


def draw(cluster, number):
    centre = np.random.default_rng([0, cluster]).normal(size=ELEMENTS)
    rng = np.random.default_rng([1, cluster, number])
    values = np.exp(SHARED + centre + 0.4 * rng.normal(size=ELEMENTS))
    return make_embedding(values, replicates=draw_replicates(rng, ELEMENTS))


@pytest.fixture(scope="module")
def embeddings():
    return [draw(i // 20, i) for i in range(COUNT)]


@pytest.fixture
def exact(embeddings):
    records = [
        make_record(f"task{i:03}", id=f"{i}", tags=("half",) if i // 20 % 2 else ())
        for i in range(COUNT)
    ]
    values = np.stack([embedding.values for embedding in embeddings])
    return Judged(
        SPACE,
        records=records,
        values=values,
        embeddings_of=lambda ids: {id_: embeddings[int(id_)] for id_ in ids},
    )


@pytest.fixture
def index(exact):
    geometry = Geometry.fit(exact._values, prior_precision=SPACE.prior_precision)
    codes = geometry.codes(exact._values, exact.complexities)
    return FaissIndex(exact, geometry=geometry, codes=codes, crossover=400)


@pytest.mark.parametrize("role", [Role.SYMMETRIC, Role.SOURCES_FOR])
def test_near_tasks_are_found_among_the_proposed_alone(index, exact, role):
    # One query of each third cluster, whose 20 members make the first 10.
    for cluster in range(0, 45, 3):
        query = draw(cluster, -cluster + 5000)
        exact.__dict__["asked"] = []
        found = index.search(query, k=10, role=role)
        (asked,) = exact.asked
        assert 200 <= asked < 700
        assert found == exact.search(query, k=10, role=role)


def test_a_query_without_relatives_is_answered_by_a_scan(index, exact):
    query = draw(999, 0)
    exact.__dict__["asked"] = []
    found = index.search(query, k=10)
    assert exact.asked[-1] == COUNT
    assert found[-1].distance > 0.3
    assert found == exact.search(query, k=10)


def test_a_filter_is_kept_by_what_is_proposed(index, exact):
    # The relatives of the first are admitted, those of the second are not.
    for cluster in (1, 2):
        query, where = draw(cluster, 5000), TaskFilter(tags=frozenset({"half"}))
        found = index.search(query, k=10, where=where)
        assert {int(n.id) // 20 % 2 for n in found} == {1}
        assert found == exact.search(query, k=10, where=where)


def test_few_tasks_are_all_looked_at(index, exact):
    query = draw(1, 5000)
    exact.__dict__["asked"] = []
    exclude = [f"{i}" for i in range(399, COUNT)]
    found = index.search(query, k=5, exclude=exclude)
    assert exact.asked == [399]
    assert found == exact.search(query, k=5, exclude=exclude)


def test_proposals_that_left_the_store_are_made_up_for(index, exact, embeddings):
    query = draw(3, 5000)
    gone = {n.id for n in exact.search(query, k=15)}
    kept = exact._embeddings_of
    exact._embeddings_of = lambda ids: kept([id_ for id_ in ids if id_ not in gone])
    found = index.search(query, k=10)
    assert found == exact.search(query, k=10)
    assert not gone & {n.id for n in found}


@pytest.mark.parametrize("count", [1, 12])
def test_proposals_that_are_elsewhere_by_now_are_judged_there(index, exact, embeddings, count):
    # Of 20 relatives one has gone far away, or more than 10.
    query = draw(3, 5000)
    relatives = exact.search(query, k=20)
    moved = {n.id for n in relatives[:count]}
    known = exact._embeddings_of
    exact._embeddings_of = lambda ids: known(ids) | dict.fromkeys(moved & set(ids), embeddings[600])
    exact.__dict__["asked"] = []
    found = index.search(query, k=10)
    assert (COUNT in exact.asked) == (count == 12)
    assert found == exact.search(query, k=10)
    far = task_symmetric_distance(query, embeddings[600])
    assert far > found[0].distance
    others = {f"{i}" for i in range(COUNT)} - {n.id for n in relatives}
    all_of_them = index.search(query, k=20, exclude=others)
    assert {n.id for n in all_of_them if n.distance == far} == moved


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_faiss_is_never_given_what_it_could_not_find_again(wrong):
    codes = np.ones((3, 4), dtype=np.float32)
    codes[1, 2] = wrong
    with pytest.raises(ValueError, match="not finite"):
        flat_index(codes)
