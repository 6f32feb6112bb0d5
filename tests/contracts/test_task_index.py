"""What every index over stored tasks must do, checked against a loop over the plain distances."""

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, replace
from index_builders import embed, found, naive, random_embeddings

from task2vec.distance import task_asymmetric_distance, task_symmetric_distance
from task2vec.errors import SettingError, SpaceMismatchError
from task2vec.store import Role
from task2vec.store.index import TaskFilter


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("alpha", [0.15, 1.5])
def test_agrees_with_the_naive_loop_to_the_last_bit(build, role, alpha):
    embeddings = random_embeddings(60)
    index = build(embeddings)
    assert len(index) == 60
    assert index.space == SPACE
    for name in ("task000", "task031"):
        got = index.search(embeddings[name], k=7, role=role, alpha=alpha)
        assert found(got) == naive(embeddings, embeddings[name], k=7, role=role, alpha=alpha)


def test_complexity_decides_between_sources(build):
    # Equally far from the target; the one that is spread out more is the better source.
    target = embed([1e-3, 2e-3, 3e-3, 4e-3])
    plain, spread = embed([4e-3, 2e-3, 3e-3, 4e-3]), embed([1e-3, 2e-3, 3e-3, 16e-3])
    index = build({"a plain": plain, "b spread": spread})
    by_source = index.search(target, k=2, role=Role.SOURCES_FOR, alpha=1.0)
    by_target = index.search(target, k=2, role=Role.TARGETS_FOR, alpha=1.0)
    assert [n.name for n in by_source] == ["b spread", "a plain"]
    assert by_source[1].distance - by_source[0].distance > 0.01
    # Equal but for the prior.
    np.testing.assert_allclose(by_target[0].distance, by_target[1].distance, atol=1e-4)


def test_the_task_itself_is_its_nearest_neighbour_at_exactly_0(build):
    embeddings = random_embeddings(20)
    nearest = build(embeddings).search(embeddings["task007"], k=1)[0]
    assert (nearest.id, nearest.distance) == ("TASK007", 0.0)


@pytest.mark.parametrize("order", [1, -1])
def test_equal_tasks_are_ordered_by_name_whatever_their_place(build, order):
    embeddings = random_embeddings(30)
    twins = dict.fromkeys("zyxwvutsrqponml", embeddings["task005"])
    items = list({**embeddings, **twins}.items())[::order]
    nearest = build(dict(items)).search(embeddings["task001"], k=45)
    names = [n.name for n in nearest]
    start = names.index("l")
    assert names[start : start + 16] == sorted([*twins, "task005"])
    first = build(dict(items)).search(embeddings["task005"], k=3)
    assert [n.name for n in first] == ["l", "m", "n"]


@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_cut_through_equal_tasks_keeps_the_first_by_name(build, k):
    # Long enough for sums over equal rows to differ by their place in a block.
    query, twin = random_embeddings(2, elements=1003).values()
    names = [f"{7 * i % 50:02}" for i in range(50)]
    nearest = build(dict.fromkeys(names, twin)).search(query, k=k)
    assert [n.name for n in nearest] == [f"{i:02}" for i in range(k)]


def test_more_than_there_are_is_all_there_are(build):
    embeddings = random_embeddings(5)
    query = embeddings["task002"]
    assert found(build(embeddings).search(query, k=100)) == naive(embeddings, query, k=5)


def test_an_empty_index_finds_nothing(build):
    assert build({}).search(embed([1.0, 2.0]), k=3) == []
    assert len(build({})) == 0


def test_excluded_tasks_do_not_take_a_place(build):
    embeddings = random_embeddings(12)
    query = embeddings["task003"]
    rest = {n: e for n, e in embeddings.items() if n not in ("task003", "task004")}
    got = build(embeddings).search(query, k=4, exclude=["TASK003", "TASK004", "unheard of"])
    assert found(got) == naive(rest, query, k=4)


def test_only_the_wanted_tasks_are_looked_at(build):
    embeddings = random_embeddings(12)
    query = embeddings["task003"]
    index = build(embeddings)
    wanted = {n: embeddings[n] for n in ("task001", "task003", "task009")}
    ids = [name.upper() for name in wanted]
    assert found(index.search(query, k=9, only=ids)) == naive(wanted, query, k=9)
    del wanted["task003"]
    got = index.search(query, k=9, only=ids, exclude=["TASK003"])
    assert found(got) == naive(wanted, query, k=9)
    assert index.search(query, k=9, only=[]) == []


def test_a_query_of_another_space_is_refused(build):
    embeddings = random_embeddings(3)
    other = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    query = embed(embeddings["task000"].values, provenance=other)
    for index in (build(embeddings), build({})):
        with pytest.raises(SpaceMismatchError) as caught:
            index.search(query, k=1)
        assert (caught.value.expected, caught.value.got) == (
            "head_penalty = 0.01",
            "head_penalty = 0.1",
        )


@pytest.mark.parametrize("k", [0, -3])
def test_no_neighbours_cannot_be_asked_for(build, k):
    embeddings = random_embeddings(3)
    with pytest.raises(SettingError, match=f"got {k}"):
        build(embeddings).search(embeddings["task000"], k=k)


def test_distances_that_are_unknown_come_last(build):
    # Without a prior, an element without information in both makes a distance nan.
    space = replace(SPACE, prior_precision=0.0)
    provenance = replace(PROVENANCE, space=space)
    embeddings = {
        "a": embed([0.0, 1.0, 2.0], provenance),
        "b": embed([1.0, 1.0, 5.0], provenance),
        "c": embed([1.0, 2.0, 2.0], provenance),
    }
    got = build(embeddings, space).search(embed([0.0, 1.0, 2.5], provenance), k=3)
    known = sorted((n.distance, n.name) for n in got if n.name != "a")
    assert [n.name for n in got] == [known[0][1], known[1][1], "a"]
    assert np.isnan(got[2].distance)
    assert got[0].distance < got[1].distance


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("where", "admitted"),
    [
        (TaskFilter(tags={"even"}), lambda i: i % 2 == 0),
        (TaskFilter(tags={"even", "tame"}), lambda i: i % 2 == 0),
        (TaskFilter(tags={"even", "odd"}), lambda i: False),
        (TaskFilter(least_classes=5), lambda i: i % 7 >= 3),
        (TaskFilter(most_classes=4), lambda i: i % 7 <= 2),
        (TaskFilter(least_classes=4, most_classes=4, tags={"odd"}), lambda i: i % 14 == 9),
        (TaskFilter(probe="large"), lambda i: i >= 40),
        (TaskFilter(probe="unheard of"), lambda i: False),
        (TaskFilter(), lambda i: True),
    ],
)
def test_a_filter_narrows_before_the_nearest_are_taken(build, role, where, admitted):
    embeddings = {
        name: replace(
            embedding,
            provenance=replace(
                PROVENANCE, classes=2 + i % 7, probe_name="large" if i >= 40 else "tiny"
            ),
        )
        for i, (name, embedding) in enumerate(random_embeddings(60).items())
    }
    query = embeddings["task000"]
    wanted = {n: e for i, (n, e) in enumerate(embeddings.items()) if admitted(i)}
    got = build(embeddings).search(query, k=9, role=role, where=where)
    assert found(got) == naive(wanted, query, k=9, role=role)


def test_a_filter_that_admits_no_number_of_classes_is_refused():
    with pytest.raises(SettingError, match="that many classes"):
        TaskFilter(least_classes=5, most_classes=4)


def test_every_task_is_judged_as_one_by_one(build):
    embeddings = random_embeddings(40)
    query = embeddings["task007"]
    got = {judged.record.name: judged for judged in build(embeddings).judge(query)}
    assert set(got) == set(embeddings)
    for name, embedding in embeddings.items():
        near = task_symmetric_distance(embedding, query)
        from_there = task_asymmetric_distance(source=embedding, target=query)
        assert got[name].symmetric == pytest.approx(near, abs=1e-12)
        assert got[name].asymmetric == pytest.approx(from_there, abs=1e-12)


def test_without_a_task_nothing_is_judged(build):
    assert build({}).judge(random_embeddings(1)["task000"]) == []
