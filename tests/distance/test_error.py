from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from factories import PROVENANCE, draw_replicates

from task2vec.distance import (
    asymmetric_distance,
    asymmetric_distance_error,
    distance_error,
    distance_errors,
    errors_from_sources,
    errors_to_targets,
    symmetric_distance,
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
        for x, groups in ((A, 8), (B, 5))
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
    by_a = [float(symmetric_distance(left_out(a, k), y)) for k in range(8)]
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
    by_source = [distance(left_out(a, k), y) for k in range(8)]
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


def shuffled(task, rng):
    """Keep what every element's groups are, and lose which of them belong together."""
    return replace(task, replicates=rng.permuted(task.replicates, axis=0))


def test_leaving_out_a_group_is_taking_the_mean_of_the_other_images(rng):
    images, b = of_images(A, rng), embed(of_images(B, rng))
    groups = images.reshape(GROUPS, -1, ELEMENTS)
    without = [np.delete(groups, k, axis=0).mean(axis=(0, 1)) + PRIOR for k in range(GROUPS)]
    expected = naive([float(symmetric_distance(x, b.values + PRIOR)) for x in without])
    exact_b = replace(b, replicates=np.ones((2, ELEMENTS)))
    # The ratios are rounded to one part in 2,000.
    assert distance_error(embed(images), exact_b) == pytest.approx(sqrt(expected), rel=0.01)


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


@pytest.mark.parametrize("alpha", [0.15, 2.0])
def test_the_asymmetric_error_is_the_standard_deviation_over_repeats(alpha, rng):
    repeats = [(embed(of_images(A, rng)), embed(of_images(B, rng))) for _ in range(400)]
    true = np.std(
        [
            asymmetric_distance(
                source=a.values + PRIOR, target=b.values + PRIOR, trivial=TRIVIAL, alpha=alpha
            )
            for a, b in repeats
        ]
    )
    errors = [asymmetric_distance_error(source=a, target=b, alpha=alpha) for a, b in repeats]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(true, rel=0.12)


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


def test_an_embedding_of_many_slices_has_the_error_of_the_plain_formula(embedding, rng):
    a, b = (
        embedding(values, replicates=draw_replicates(rng, 5000, 8), prior_precision=PRIOR)
        for values in np.exp(np.arange(5000) % 7 + rng.normal(size=(2, 5000)) - 12)
    )

    def without(task):
        ratios = task.replicates.astype(float)
        return task.values * np.maximum(8 - ratios, 0) / 7 + PRIOR

    whole_a, whole_b = (task.values.astype(float) + PRIOR for task in (a, b))
    by_a = symmetric_distance(without(a), whole_b)
    by_b = symmetric_distance(whole_a, without(b))
    expected = sqrt(naive(by_a) + naive(by_b))
    assert distance_error(a, b) == pytest.approx(expected, abs=1e-12)
    trivial = np.full(5000, PRIOR)
    by_source = asymmetric_distance(source=without(a), target=whole_b, trivial=trivial)
    expected = sqrt(naive(by_source) + naive(by_b))
    assert asymmetric_distance_error(source=a, target=b) == pytest.approx(expected, abs=1e-12)


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
    assert distance_errors(query, tasks) == pytest.approx(one_by_one, rel=1e-12)
    from_each = [asymmetric_distance_error(source=task, target=query) for task in tasks]
    assert errors_from_sources(tasks, query) == pytest.approx(from_each, rel=1e-12)
    to_each = [asymmetric_distance_error(source=query, target=task) for task in tasks]
    assert errors_to_targets(query, tasks) == pytest.approx(to_each, rel=1e-12)
    assert not np.allclose(from_each, to_each)
    assert errors_from_sources([], query).shape == distance_errors(query, []).shape == (0,)
