from math import sqrt

import numpy as np
import pytest
from factories import PROVENANCE, draw_replicates, replace
from scipy.stats import t as student

from task2vec.distance import (
    DistanceEstimates,
    asymmetric_distance,
    asymmetric_distance_error,
    distance_error,
    distance_interval,
    estimate_distances,
    estimate_from_sources,
    estimate_to_targets,
    information_distance,
    information_distance_error,
    plain_information_distance,
    plain_symmetric_distance,
    symmetric_distance,
    task_information_distance,
    task_symmetric_distance,
)
from task2vec.types import TaskEmbedding

PRIOR = 1e-5
ELEMENTS = 120
A, B = np.exp(np.random.default_rng(8).normal(size=(2, ELEMENTS)) - 9)
TRIVIAL = np.full(ELEMENTS, PRIOR)
IMAGES, GROUPS = 64, 8


@pytest.fixture
def rng():
    return np.random.default_rng(9)


@pytest.fixture
def pair(embedding, rng):
    return tuple(
        embedding(x, replicates=draw_replicates(rng, ELEMENTS, groups), prior_precision=PRIOR)
        for x, groups in ((A, 7), (B, 5))
    )


def left_out(task, k):
    """The elements of a task without group k, one at a time."""
    ratios, count = task.replicates.astype(float), len(task.replicates)
    others = [[ratios[j][i] for j in range(count) if j != k] for i in range(ELEMENTS)]
    # The ratios of all groups have mean 1, but for their rounding.
    means = [(sum(o) + count - ratios[:, i].sum()) / (count - 1) for i, o in enumerate(others)]
    return np.array([float(v) * m + PRIOR for v, m in zip(task.values, means, strict=True)])


def naive(distances):
    count = len(distances)
    mean = sum(distances) / count
    return (count - 1) / count * sum((d - mean) ** 2 for d in distances)


def test_the_error_agrees_with_a_naive_loop(pair):
    a, b = pair
    x, y = (task.values.astype(float) + PRIOR for task in pair)
    by_a = [float(symmetric_distance(left_out(a, k), y)) for k in range(7)]
    by_b = [float(symmetric_distance(x, left_out(b, k))) for k in range(5)]
    assert distance_error(a, b) == pytest.approx(sqrt(naive(by_a) + naive(by_b)), rel=1e-9)
    assert distance_error(b, a) == pytest.approx(distance_error(a, b), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.15, 2.0])
def test_the_asymmetric_error_agrees_with_a_naive_loop(pair, alpha):
    def distance(source, target):
        return float(
            asymmetric_distance(source=source, target=target, trivial=TRIVIAL, alpha=alpha)
        )

    a, b = pair
    x, y = (task.values.astype(float) + PRIOR for task in pair)
    by_source = [distance(left_out(a, k), y) for k in range(7)]
    by_target = [distance(x, left_out(b, k)) for k in range(5)]
    got = asymmetric_distance_error(source=a, target=b, alpha=alpha)
    assert got == pytest.approx(sqrt(naive(by_source) + naive(by_target)), rel=1e-9)


def of_images(values, rng):
    """Draw images' Fisher information, shape (IMAGES, n), with one factor common to all elements.

    An image with a large factor excites those filters more that tell the two tasks apart.
    """
    common = 0.5 * rng.normal(size=(IMAGES, 1)) * np.sign(A - B)
    own = 0.5 * rng.normal(size=(IMAGES, ELEMENTS))
    return values * np.exp(common + own - 0.25)


def embed(images):
    space = replace(PROVENANCE.space, prior_precision=PRIOR)
    return TaskEmbedding.from_estimates(
        values=images.mean(axis=0),
        errors=images.std(axis=0, ddof=1) / sqrt(IMAGES),
        replicates=images.reshape(GROUPS, -1, ELEMENTS).mean(axis=1),
        provenance=replace(PROVENANCE, space=space),
    )


def of_groups(groups):
    return embed(np.repeat(groups, IMAGES // GROUPS, axis=0))


def shuffled(task, rng):
    """Keep what every element's groups are, and lose which of them belong together."""
    return replace(task, replicates=rng.permuted(task.replicates, axis=0))


def test_the_error_is_the_standard_deviation_over_repeats_whose_elements_move_together(rng):
    repeats = [(embed(of_images(A, rng)), embed(of_images(B, rng))) for _ in range(400)]
    # 400 repeats know a standard deviation to 3.5 %, and the mean of the squared errors better.
    true = np.std([task_symmetric_distance(a, b) for a, b in repeats])
    errors = [distance_error(a, b) for a, b in repeats]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(true, rel=0.12)
    # With 7 degrees of freedom a side, a single one is right within a factor of 2 nearly always.
    inside = np.mean([true / 2 < error < 2 * true for error in errors])
    assert inside > 0.98
    # What independent elements would give is no error bar at all.
    independent = [distance_error(shuffled(a, rng), shuffled(b, rng)) for a, b in repeats[:40]]
    assert max(independent) < true / 3


def test_exactly_known_elements_have_no_error(embedding):
    a, b = (embedding(x, prior_precision=0.0) for x in ([1.0, 2.0, 0.0], [2.0, 1.0, 3.0]))
    assert task_symmetric_distance(a, b) > 0
    assert distance_error(a, b) == pytest.approx(0, abs=1e-15)
    a, b = (embedding(x, prior_precision=0.1) for x in ([1.0, 2.0, 0.0], [2.0, 1.0, 3.0]))
    assert asymmetric_distance_error(source=a, target=b) == pytest.approx(0, abs=1e-15)


def test_a_group_of_less_than_its_share_leaves_nothing_and_not_less_than_nothing(embedding):
    # One of ten images, in one of eight groups, holds all that the first filter ever showed.
    ratios = np.ones((8, 3))
    ratios[:, 0] = [10, 0, 0, 0, 0, 0, 0, 0]
    a = embedding([1e-4, 2e-4, 3e-4], replicates=ratios, prior_precision=PRIOR)
    b = embedding([2e-4, 2e-4, 1e-4], prior_precision=PRIOR)
    y = b.values.astype(float) + PRIOR
    seven = a.values.astype(float) * [8 / 7, 1, 1] + PRIOR
    one = a.values.astype(float) * [0, 1, 1] + PRIOR
    distances = [float(symmetric_distance(x, y)) for x in (one, *[seven] * 7)]
    assert distance_error(a, b) == pytest.approx(sqrt(naive(distances)), rel=1e-9)


def test_without_a_prior_an_element_that_is_0_in_both_makes_the_error_unknown(embedding):
    a, b = (embedding(x, prior_precision=0.0) for x in ([1.0, 0.0], [2.0, 0.0]))
    assert np.isnan(distance_error(a, b))


def test_many_errors_are_those_of_one_at_a_time(embedding, rng):
    query, *tasks = (
        embedding(
            np.exp(rng.normal(size=700) - 9),
            replicates=draw_replicates(rng, 700, groups),
            prior_precision=PRIOR,
        )
        for groups in (8, *[8] * 20, 5, 5, 8, 3)
    )
    one_by_one = [distance_error(query, task) for task in tasks]
    assert estimate_distances(query, tasks).errors == pytest.approx(one_by_one, rel=1e-5)
    from_each = [asymmetric_distance_error(source=task, target=query) for task in tasks]
    assert estimate_from_sources(tasks, query).errors == pytest.approx(from_each, rel=1e-5)
    to_each = [asymmetric_distance_error(source=query, target=task) for task in tasks]
    assert estimate_to_targets(query, tasks).errors == pytest.approx(to_each, rel=1e-5)
    assert not np.allclose(from_each, to_each)
    assert estimate_from_sources([], query).errors.shape == (0,)
    assert estimate_distances(query, []).intervals.shape == (0, 2)


def test_what_is_too_far_has_its_distance_and_no_error(embedding, rng):
    query, *tasks = (
        embedding(
            np.exp(rng.normal(size=700) - 9),
            replicates=draw_replicates(rng, 700, 8),
            prior_precision=PRIOR,
        )
        for _ in range(22)
    )
    for estimate in (
        lambda **more: estimate_distances(query, tasks, **more),
        lambda **more: estimate_from_sources(tasks, query, **more),
        lambda **more: estimate_to_targets(query, tasks, **more),
    ):
        whole = estimate()
        reach = float(np.median(whole.distances))
        near = whole.distances <= reach
        cut = estimate(within=reach)
        assert np.array_equal(cut.distances, whole.distances)
        assert near.sum() == 11
        assert cut.intervals[near] == pytest.approx(whole.intervals[near], rel=1e-12)
        assert np.isnan(cut.errors[~near]).all()


def ties(distances, *, by_query, by_task, by_query_head=0.0, by_heads=0.0, groups=8):
    """Distances from one query whose errors are as given, one of each kind a task."""
    count = len(distances)
    return DistanceEstimates(
        distances=np.array(distances),
        by_query=np.array(by_query, dtype=float).reshape(count, -1),
        by_task=np.square(by_task),
        by_halving=np.zeros((count, 7)),
        by_query_head=np.broadcast_to(by_query_head, count),
        by_heads=np.broadcast_to(by_heads, count),
        groups=np.full(count, groups),
    )


def test_an_interval_is_students_with_the_freedom_of_welch_and_satterthwaite():
    found = ties([0.3], by_query=[[0.03, 0.0, 0.0]], by_task=[0.04])
    freedom = 0.05**4 / (0.03**4 / 2 + 0.04**4 / 7)
    reach = 0.05 * student.ppf(0.975, freedom)
    assert found.errors == pytest.approx([0.05])
    assert found.intervals == pytest.approx(np.array([[0.3 - reach, 0.3 + reach]]))


def test_noise_that_both_share_separates_them_no_less():
    shared = [[0.1, -0.1, 0.1]] * 2
    apart = ties([0.2, 0.25], by_query=shared, by_task=[0.001, 0.001])
    assert apart.errors.min() > 0.17
    assert apart.ranks([0, 1]) == [1, 2]
    opposed = ties([0.2, 0.25], by_query=[[0.1, -0.1, 0.1], [-0.1, 0.1, -0.1]], by_task=[0, 0])
    assert opposed.ranks([0, 1]) == [1, 1]


def test_what_the_querys_head_does_to_all_distances_separates_them_no_less():
    none = {"by_query": np.zeros((2, 8)), "by_task": [0.001, 0.001]}
    assert ties([0.2, 0.25], by_query_head=0.1, **none).ranks([0, 1]) == [1, 2]
    assert ties([0.2, 0.25], by_heads=0.01, **none).ranks([0, 1]) == [1, 1]


def test_a_head_turns_an_embedding(pair):
    """Half of a turn by h/2 aside, and a share of it towards the other task."""
    a, b = pair
    d, own, other = task_symmetric_distance(a, b), 0.06, 0.08
    assert 0.05 < d < 0.95
    turned = [
        replace(task, provenance=replace(task.provenance, head_error=h))
        for task, h in ((a, own), (b, other))
    ]
    sine = sqrt(1 - (1 - d) ** 2)
    variance = (0.25 * (1 - d)) ** 2 * (own**2 + other**2)
    variance += (0.025 * sine) ** 2 * (own + other)
    assert distance_error(*turned) ** 2 - distance_error(a, b) ** 2 == pytest.approx(variance)
    assert asymmetric_distance_error(source=turned[0], target=turned[1]) ** 2 == pytest.approx(
        asymmetric_distance_error(source=a, target=b) ** 2 + variance
    )
    assert task_symmetric_distance(*turned) == d


def test_one_embedding_has_one_head(rng):
    a = embed(of_images(A, rng))
    turned = replace(a, provenance=replace(a.provenance, head_error=0.2))
    assert distance_error(turned, turned) == distance_error(a, a)


def test_a_tie_is_with_the_first_of_its_rank_and_not_with_the_one_before():
    # Each is within the noise of its neighbour, the third is not within that of the first.
    found = ties([0.10, 0.12, 0.14, 0.5], by_query=np.zeros((4, 8)), by_task=[0.01] * 4)
    assert found.ranks([0, 1, 2, 3]) == [1, 1, 3, 4]
    assert found.same(0, 1)
    assert found.same(1, 2)
    assert not found.same(0, 2)


def test_what_is_known_exactly_ties_only_where_it_is_equal():
    found = ties([0.1, 0.1, 0.1 + 1e-9], by_query=np.zeros((3, 8)), by_task=[0, 0, 0])
    assert found.ranks([0, 1, 2]) == [1, 1, 3]
    assert found.intervals == pytest.approx(np.array([[0.1, 0.1]] * 3), abs=1e-8)


def test_of_distances_not_known_none_ties():
    found = ties([np.nan, np.nan], by_query=np.zeros((2, 8)), by_task=[0, 0])
    assert found.ranks([0, 1]) == [1, 2]


def test_an_embedding_is_at_no_distance_from_itself(rng):
    a = embed(of_images(A, rng))
    assert task_symmetric_distance(a, a) == 0


def test_one_task_summed_in_another_order_is_at_no_distance_from_itself(rng):
    a = embed(of_images(A, rng))
    values = a.values * (1 + 1e-5 * rng.normal(size=ELEMENTS))
    twin = replace(a, values=values.astype(np.float32))
    assert abs(task_symmetric_distance(a, twin)) < 1e-8
    assert abs(task_information_distance(source=a, target=twin)) < 1e-6
    # A repeat has noise of its own, which is corrected for.
    repeat = embed(of_images(A, rng))
    assert task_symmetric_distance(a, repeat) < 0.5 * plain_symmetric_distance(a, repeat)


def test_the_symmetric_distance_is_symmetric(rng):
    a, b = embed(of_images(A, rng)), embed(of_images(B, rng))
    assert task_symmetric_distance(a, b) == pytest.approx(task_symmetric_distance(b, a), abs=1e-6)
    assert distance_interval(a, b) == pytest.approx(distance_interval(b, a), abs=1e-5)


def test_the_information_distance_is_corrected_for_noise(rng):
    twice = 1.5 * A
    true = float(information_distance(source=A + PRIOR, target=twice + PRIOR))

    def noisy(values):
        """Eight groups whose elements vary by three tenths, each on its own."""
        return values * rng.gamma(11, 1 / 11, size=(GROUPS, 40, ELEMENTS))

    plain, told, errors = [], [], []
    for a, b in zip(noisy(A).swapaxes(0, 1), noisy(twice).swapaxes(0, 1), strict=True):
        pair = {"source": of_groups(a), "target": of_groups(b)}
        plain.append(plain_information_distance(**pair))
        told.append(task_information_distance(**pair))
        errors.append(information_distance_error(**pair))
    # The jackknife's error is that of the scatter, to within what 40 repeats tell.
    assert np.mean(errors) == pytest.approx(np.std(told), rel=0.5)
    assert np.mean(plain) - true > 5 * np.std(plain) / sqrt(40)
    assert abs(np.mean(told) - true) < (np.mean(plain) - true) / 4
