"""What every index answers by the centred distance, checked against a loop over the formula."""

import numpy as np
import pytest
from factories import PROVENANCE, SPACE, replace
from index_builders import embed, random_embeddings

from task2vec.distance import centred_distance, estimate_centred, with_prior
from task2vec.errors import SettingError, SpaceMismatchError
from task2vec.store.index import TaskFilter


def mean_of_logs(embeddings):
    rows = np.array([e.values for e in embeddings.values()], dtype=np.float64)
    return np.log(rows + SPACE.prior_precision).mean(axis=0)


def naive(embeddings, query, *, k, among=None):
    """The distances by the mean over ``among``, all ``embeddings`` where that is not given."""
    centre = mean_of_logs(embeddings if among is None else among)
    own = with_prior(query.values, SPACE.prior_precision)
    rows = []
    for name, task in embeddings.items():
        other = with_prior(task.values, SPACE.prior_precision)
        error = float(estimate_centred(query, [task], centre=centre).errors[0])
        rows.append((float(centred_distance(own, other, centre=centre)), name, error))
    return sorted(rows)[:k]


def check(neighbours, expected):
    assert [n.name for n in neighbours] == [name for _, name, _ in expected]
    assert [n.id for n in neighbours] == [name.upper() for _, name, _ in expected]
    got = [(n.distance, n.standard_error) for n in neighbours]
    # The order in which a mean is taken decides its last digits.
    np.testing.assert_allclose(got, [(d, e) for d, _, e in expected], atol=1e-12, rtol=1e-9)


def test_agrees_with_the_naive_loop(build):
    embeddings = random_embeddings(61)
    index = build(embeddings)
    for name in ("task000", "task031"):
        query = embeddings[name]
        got = index.search_centred(query, k=7)
        check(got, naive(embeddings, query, k=7))
        assert got[0].distance == 0.0
        symmetric = index.search(query, k=7)
        assert [n.name for n in got] != [n.name for n in symmetric]
    assert got[1].distance > 0.3


def test_a_query_that_is_not_stored_does_not_move_the_mean(build):
    embeddings = random_embeddings(20)
    query = embeddings.pop("task007")
    check(build(embeddings).search_centred(query, k=19), naive(embeddings, query, k=19))


def test_intervals_and_ranks_are_told(build):
    embeddings = random_embeddings(30)
    query = embeddings["task005"]
    got = build(embeddings).search_centred(query, k=30, exclude=["TASK005"])
    for each in got:
        low, high = each.interval
        assert low < each.distance < high
        assert high - low > 2 * each.standard_error
    ranks = [each.rank for each in got]
    assert ranks[0] == 1
    assert ranks == sorted(ranks)
    assert 1 < len(set(ranks)) < 29
    found = estimate_centred(
        query, [embeddings[n.name] for n in got], centre=mean_of_logs(embeddings)
    )
    assert ranks == found.ranks(range(29))


def test_distances_are_those_between_all_whatever_is_passed_over(build):
    embeddings = {
        name: replace(embedding, provenance=replace(PROVENANCE, classes=2 + i % 7))
        for i, (name, embedding) in enumerate(random_embeddings(40).items())
    }
    index, query = build(embeddings), embeddings["task003"]
    few = {name: e for i, (name, e) in enumerate(embeddings.items()) if i % 7 >= 3}
    where = TaskFilter(least_classes=5)
    got = index.search_centred(query, k=9, where=where)
    check(got, naive(few, query, k=9, among=embeddings))
    del few["task003"]
    got = index.search_centred(query, k=9, where=where, exclude=["TASK003", "unheard of"])
    check(got, naive(few, query, k=9, among=embeddings))
    wanted = {name: few[name] for name in ("task004", "task011")}
    got = index.search_centred(query, k=9, only=[name.upper() for name in wanted])
    check(got, naive(wanted, query, k=9, among=embeddings))
    assert index.search_centred(query, k=9, only=[]) == []
    assert index.search_centred(query, k=9, where=TaskFilter(probe="unheard of")) == []


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("elements", [40, 1003])
def test_equal_tasks_are_ordered_by_name_whatever_their_place(build, order, elements):
    embeddings = random_embeddings(30, elements)
    twins = dict.fromkeys("zyxwvutsrqponml", embeddings["task005"])
    items = list({**embeddings, **twins}.items())[::order]
    names = [n.name for n in build(dict(items)).search_centred(embeddings["task001"], k=45)]
    start = names.index("l")
    assert names[start : start + 16] == sorted([*twins, "task005"])
    first = build(dict(items)).search_centred(embeddings["task005"], k=3)
    assert [(n.name, n.distance) for n in first] == [("l", 0), ("m", 0), ("n", 0)]


@pytest.mark.parametrize("count", [1, 2])
def test_a_mean_over_too_few_tasks_is_refused_where_there_is_one_to_compare_with(build, count):
    embeddings = random_embeddings(count)
    index, query = build(embeddings), random_embeddings(3)["task002"]
    with pytest.raises(SettingError, match=f"at least 3, got {count}") as caught:
        index.search_centred(query, k=1)
    assert "symmetric geometry" in str(caught.value)
    assert index.search_centred(query, k=1, exclude=["TASK000", "TASK001"]) == []


def test_three_tasks_are_enough(build):
    embeddings = random_embeddings(3)
    query = embeddings["task000"]
    check(build(embeddings).search_centred(query, k=3), naive(embeddings, query, k=3))


def test_an_empty_index_finds_nothing(build):
    assert build({}).search_centred(embed([1.0, 2.0]), k=3) == []


def test_a_query_of_another_space_and_no_neighbours_are_refused(build):
    embeddings = random_embeddings(4)
    other = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    query = embed(embeddings["task000"].values, provenance=other)
    with pytest.raises(SpaceMismatchError, match="head_penalty"):
        build(embeddings).search_centred(query, k=1)
    with pytest.raises(SettingError, match="got 0"):
        build(embeddings).search_centred(embeddings["task000"], k=0)


def test_tasks_that_do_not_differ_from_their_mean_have_no_distance(build):
    twin = random_embeddings(1, 1003)["task000"]
    got = build(dict.fromkeys("cab", twin)).search_centred(twin, k=3)
    assert [n.name for n in got] == ["a", "b", "c"]
    assert all(np.isnan(n.distance) for n in got)
    without = replace(SPACE, prior_precision=0.0)
    provenance = replace(PROVENANCE, space=without)
    dead = {name: embed([0.0, 1.0, i], provenance) for i, name in enumerate("cba", start=1)}
    got = build(dead, without).search_centred(dead["a"], k=3)
    assert [n.name for n in got] == ["a", "b", "c"]
    assert all(np.isnan(n.distance) for n in got)


def test_tasks_that_went_or_were_replaced_since_are_told_as_they_are_now(build):
    embeddings = random_embeddings(12)
    before = dict(embeddings)
    query = embeddings["task003"]
    order = [name for _, name, _ in naive(embeddings, query, k=12)]
    index = build(embeddings)
    removed, moved, anew = order[0], order[2], order[4]
    del embeddings[removed]
    elsewhere = replace(PROVENANCE, space=replace(SPACE, head_penalty=0.1))
    embeddings[moved] = replace(embeddings[moved], provenance=elsewhere)
    embeddings[anew] = before[order[9]]
    kept = {name: e for name, e in embeddings.items() if name != moved}
    # The mean is that of the tasks of the index.
    got = index.search_centred(query, k=12)
    check(got, naive(kept, query, k=12, among=before))
    assert len(got) == 10
    check(index.search_centred(query, k=4), naive(kept, query, k=4, among=before))
