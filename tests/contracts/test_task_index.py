"""What every index over stored tasks must do, checked against a loop over the plain distances."""

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, draw_replicates, replace
from index_builders import check, embed, mean_of_logs, naive, random_embeddings

from task2vec.distance import (
    estimate_centred,
    task_asymmetric_distance,
    task_symmetric_distance,
)
from task2vec.errors import SettingError, SpaceMismatchError
from task2vec.store import Role
from task2vec.store.index import TaskFilter

each_role = pytest.mark.parametrize("role", Role)


@each_role
def test_agrees_with_the_naive_loop(build, role):
    embeddings = random_embeddings(60)
    index = build(embeddings)
    assert len(index) == 60
    assert index.space == SPACE
    for name in ("task000", "task031"):
        query = embeddings[name]
        got = index.search(query, k=7, role=role)
        check(got, naive(embeddings, query, k=7, role=role), role=role)
    if role is Role.CENTRED:
        assert got[1].distance > 0.3
        assert [n.name for n in got] != [n.name for n in index.search(query, k=7)]


def test_complexity_decides_between_sources(build):
    # Equally far from the target; the one that is spread out more is the better source.
    target = embed([1e-3, 2e-3, 3e-3, 4e-3])
    plain, spread = embed([4e-3, 2e-3, 3e-3, 4e-3]), embed([1e-3, 2e-3, 3e-3, 16e-3])
    index = build({"a plain": plain, "b spread": spread})
    by_source = index.search(target, k=2, role=Role.SOURCES_FOR)
    assert [n.name for n in by_source] == ["b spread", "a plain"]
    assert by_source[1].distance - by_source[0].distance > 0.001


def test_a_query_that_is_not_stored_does_not_move_the_mean(build):
    embeddings = random_embeddings(20)
    query = embeddings.pop("task007")
    got = build(embeddings).search(query, k=19, role=Role.CENTRED)
    check(got, naive(embeddings, query, k=19, role=Role.CENTRED), role=Role.CENTRED)


def test_intervals_and_ranks_are_given_with_centred_distances(build):
    embeddings = random_embeddings(30)
    query = embeddings["task005"]
    got = build(embeddings).search(query, k=30, role=Role.CENTRED, exclude=["TASK005"])
    for each in got:
        low, high = each.interval
        assert low < each.distance < high
        assert high - low > 2 * each.standard_error
    ranks = [each.rank for each in got]
    assert ranks == sorted(ranks)
    assert 1 < len(set(ranks)) < 29
    tasks = [embeddings[n.name] for n in got]
    expected = estimate_centred(query, tasks, centre=mean_of_logs(embeddings))
    assert ranks == expected.ranks(range(29))


@pytest.mark.parametrize("role", [Role.SYMMETRIC, Role.CENTRED])
def test_the_task_itself_is_its_nearest_neighbour_at_exactly_0(build, role):
    embeddings = random_embeddings(20)
    nearest = build(embeddings).search(embeddings["task007"], k=1, role=role)[0]
    assert (nearest.id, nearest.distance) == ("TASK007", 0.0)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("role", "elements"), [(Role.SYMMETRIC, 40), (Role.CENTRED, 40), (Role.CENTRED, 1003)]
)
def test_equal_tasks_are_ordered_by_name_whatever_their_place(build, role, elements, order):
    embeddings = random_embeddings(30, elements)
    twins = dict.fromkeys("zyxwvutsrqponml", embeddings["task005"])
    index = build(dict(list({**embeddings, **twins}.items())[::order]))
    names = [n.name for n in index.search(embeddings["task001"], k=45, role=role)]
    start = names.index("l")
    assert names[start : start + 16] == sorted([*twins, "task005"])
    first = index.search(embeddings["task005"], k=3, role=role)
    assert [(n.name, n.distance) for n in first] == [("l", 0), ("m", 0), ("n", 0)]


@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_cut_through_equal_tasks_keeps_the_first_by_name(build, k):
    # Long enough for sums over equal rows to differ by their place in a block.
    query, twin = random_embeddings(2, elements=1003).values()
    names = [f"{7 * i % 50:02}" for i in range(50)]
    nearest = build(dict.fromkeys(names, twin)).search(query, k=k)
    assert [n.name for n in nearest] == [f"{i:02}" for i in range(k)]


@each_role
def test_more_than_there_are_is_all_there_are(build, role):
    # Three tasks are enough for a mean.
    embeddings = random_embeddings(3)
    query = embeddings["task002"]
    got = build(embeddings).search(query, k=100, role=role)
    check(got, naive(embeddings, query, k=3, role=role), role=role)


@each_role
def test_an_empty_index_finds_nothing(build, role):
    assert build({}).search(embed([1.0, 2.0]), k=3, role=role) == []
    assert build({}).judge(embed([1.0, 2.0])) == []
    assert len(build({})) == 0


@each_role
def test_excluded_tasks_do_not_take_a_place(build, role):
    embeddings = random_embeddings(12)
    query = embeddings["task003"]
    rest = {n: e for n, e in embeddings.items() if n not in ("task003", "task004")}
    exclude = ["TASK003", "TASK004", "unheard of"]
    got = build(embeddings).search(query, k=4, role=role, exclude=exclude)
    check(got, naive(rest, query, k=4, role=role, among=embeddings), role=role)


@each_role
def test_a_query_of_another_space_is_refused(build, role):
    embeddings = random_embeddings(3)
    other = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    query = embed(embeddings["task000"].values, provenance=other)
    for index in (build(embeddings), build({})):
        with pytest.raises(SpaceMismatchError) as caught:
            index.search(query, k=1, role=role)
        assert (caught.value.expected, caught.value.got) == (
            "head_penalty = 0.01",
            "head_penalty = 0.1",
        )


@each_role
@pytest.mark.parametrize("k", [0, -3])
def test_no_neighbours_cannot_be_asked_for(build, role, k):
    embeddings = random_embeddings(3)
    with pytest.raises(SettingError, match=f"got {k}"):
        build(embeddings).search(embeddings["task000"], k=k, role=role)


@pytest.mark.parametrize("count", [1, 2])
def test_a_mean_over_too_few_tasks_is_refused_where_there_is_one_to_compare_with(build, count):
    embeddings = random_embeddings(count)
    index, query = build(embeddings), random_embeddings(3)["task002"]
    with pytest.raises(SettingError, match=f"at least 3, got {count}") as caught:
        index.search(query, k=1, role=Role.CENTRED)
    assert "symmetric geometry" in str(caught.value)
    exclude = ["TASK000", "TASK001"]
    assert index.search(query, k=1, role=Role.CENTRED, exclude=exclude) == []


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


@pytest.mark.parametrize("dead", [False, True])
def test_tasks_that_do_not_differ_from_their_mean_have_no_centred_distance(build, dead):
    space = replace(SPACE, prior_precision=0.0) if dead else SPACE
    twins = dict.fromkeys("cab", random_embeddings(1, 1003)["task000"])
    if dead:
        provenance = replace(PROVENANCE, space=space)
        twins = {name: embed([0.0, 1.0, i], provenance) for i, name in enumerate("cba", start=1)}
    got = build(twins, space).search(twins["a"], k=3, role=Role.CENTRED)
    assert [n.name for n in got] == ["a", "b", "c"]
    assert all(np.isnan(n.distance) for n in got)


@each_role
@pytest.mark.parametrize(
    ("where", "admitted"),
    [
        (TaskFilter(tags={"even", "tame"}), lambda i: i % 2 == 0),
        (TaskFilter(tags={"even", "odd"}), lambda i: False),
        (TaskFilter(least_classes=5), lambda i: i % 7 >= 3),
        (TaskFilter(most_classes=4), lambda i: i % 7 <= 2),
        (TaskFilter(least_classes=4, most_classes=4, tags={"odd"}), lambda i: i % 14 == 9),
        (TaskFilter(), lambda i: True),
    ],
)
def test_a_filter_narrows_before_the_nearest_are_taken(build, role, where, admitted):
    embeddings = {
        name: replace(embedding, provenance=replace(PROVENANCE, classes=2 + i % 7))
        for i, (name, embedding) in enumerate(random_embeddings(60).items())
    }
    query = embeddings["task000"]
    wanted = {n: e for i, (n, e) in enumerate(embeddings.items()) if admitted(i)}
    got = build(embeddings).search(query, k=9, role=role, where=where)
    check(got, naive(wanted, query, k=9, role=role, among=embeddings), role=role)


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


# What was removed or replaced since the index was built.


@each_role
def test_tasks_that_went_since_give_their_place_to_the_next(build, role):
    embeddings = random_embeddings(12)
    before, query = dict(embeddings), embeddings["task003"]
    order = [name for _, name, _, _ in naive(embeddings, query, k=12, role=role)]
    index = build(embeddings)
    removed, moved = order[0], order[3]
    kept = {n: e for n, e in embeddings.items() if n not in (removed, moved)}
    elsewhere = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    del embeddings[removed]
    embeddings[moved] = replace(embeddings[moved], provenance=elsewhere)
    for k in (4, 12):
        # The mean is that of the tasks of the index.
        expected = naive(kept, query, k=k, role=role, among=before)
        check(index.search(query, k=k, role=role), expected, role=role)


@each_role
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
    check(got, naive(embeddings, query, k=k, role=role, among=before), role=role)


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
