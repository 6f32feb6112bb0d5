"""Distances without noise: the formula against a slow one, and repeats of known truth."""

from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from task2vec.distance import noiseless_distances, symmetric_distance

PRIOR = 1e-6
ELEMENTS = 1500


def hadamard(order):
    if order == 1:
        return [[1]]
    smaller = hadamard(order // 2)
    return [row + row for row in smaller] + [row + [-x for x in row] for row in smaller]


def mean_of(groups, chosen):
    return [sum(groups[g][i] for g in chosen) / len(chosen) + PRIOR for i in range(len(groups[0]))]


def plain(q, t):
    return 1 - (1 - q) / sqrt((1 + q) ** 2 - 4 * t)


def z_of(a, b):
    return [(x - y) / (x + y) for x, y in zip(a, b, strict=True)]


def statistics(a, b, halving):
    """Plain distance, crossed q and t of the halves, and of the quarters, of one halving."""
    rows = [[x > 0 for x in row] for row in hadamard(8)[1:]]
    side, other = rows[halving], rows[halving - 1]
    halves = [[g for g in range(8) if side[g] == s] for s in (True, False)]
    quarters = [
        [g for g in range(8) if side[g] == s and other[g] == o]
        for s in (True, False)
        for o in (True, False)
    ]
    z = {(h, k): z_of(mean_of(a, halves[h]), mean_of(b, halves[k])) for h in (0, 1) for k in (0, 1)}
    size = len(a[0])

    def product(x, y):
        return sum(p * q for p, q in zip(x, y, strict=True)) / size

    r4 = sum(plain(product(x, x), (sum(x) / size) ** 2) for x in z.values()) / 4
    crossed = [(z[0, 0], z[1, 1]), (z[0, 1], z[1, 0])]
    q4 = sum(product(x, y) for x, y in crossed) / 2
    t4 = sum(sum(x) / size * sum(y) / size for x, y in crossed) / 2
    w = [z_of(mean_of(a, quarters[k]), mean_of(b, quarters[k ^ (halving % 4)])) for k in range(4)]
    r2 = sum(plain(product(x, x), (sum(x) / size) ** 2) for x in w) / 4
    pairs = list(combinations(w, 2))
    q2 = sum(product(x, y) for x, y in pairs) / 6
    t2 = sum(sum(x) / size * sum(y) / size for x, y in pairs) / 6
    return r4, q4, t4, r2, q2, t2


def test_agrees_with_the_definition_written_out():
    rng = np.random.default_rng(3)
    a, b = rng.gamma(2, 1e-4, size=(2, 8, 30)).astype(np.float32)
    r4, q4, t4, r2, q2, t2 = np.mean(
        [statistics(a.tolist(), b.tolist(), halving) for halving in range(7)], axis=0
    )
    c4, c2 = plain(q4, t4), plain(q2, t2)
    slope = (c4 - c2) / (r2 - r4)
    slope = min(2 * slope, 1) if slope > 0 else slope
    expected = c4 + slope / (1 + slope) * (r4 - c4)
    found = noiseless_distances(a, [b, b], prior_precision=PRIOR)
    assert found.distances == pytest.approx([expected, expected], abs=1e-5)


def test_what_is_known_exactly_is_at_the_plain_distance():
    a, b = np.random.default_rng(4).gamma(2, 1e-4, size=(2, 1, 60)).astype(np.float32)
    expected = symmetric_distance(a[0].astype(float) + PRIOR, b[0].astype(float) + PRIOR)
    for first, second in ((a, b), (np.repeat(a, 8, axis=0), np.repeat(b, 8, axis=0))):
        found = noiseless_distances(first, [second], prior_precision=PRIOR)
        assert found.distances == pytest.approx([float(expected)], abs=1e-6)
        assert np.abs(found.by_halving).max() < 1e-4


def images(rng, count, true):
    """Per-image information whose tail is heavy, as that of real images: of a few, most."""
    pattern = np.exp(1.2 * rng.normal(size=(count, true.size)) - 0.72)
    size = np.exp(1.5 * rng.normal(size=(count, 1)) - 1.125)
    return true * pattern * size


def groups(rng, count, true):
    found = images(rng, count, true).reshape(8, -1, true.size).mean(axis=1)
    return found.astype(np.float32)


def distances(rng, true_a, true_b, *, count, other):
    plain_ones, told, errors = [], [], []
    for _ in range(30):
        a, b = groups(rng, count, true_a), groups(rng, other, true_b)
        plain_ones.append(
            symmetric_distance(a.mean(axis=0, dtype=float) + PRIOR, b.mean(axis=0) + PRIOR)
        )
        found = noiseless_distances(a, [b], prior_precision=PRIOR)
        told.append(found.distances[0])
        errors.append(np.square(found.by_halving).sum())
    return np.mean(plain_ones), np.array(told), sqrt(np.mean(errors))


@pytest.mark.parametrize("counts", [(32, 32), (32, 400), (96, 96)])
def test_repeats_of_one_task_are_at_no_distance_however_many_images_each_has(counts):
    rng = np.random.default_rng(5)
    true = np.exp(rng.normal(size=ELEMENTS) - 9)
    raised, told, error = distances(rng, true, true, count=counts[0], other=counts[1])
    assert raised > 0.04
    assert abs(told.mean()) < raised / 5
    # Nothing but products of groups moves a distance whose truth is 0.
    assert 0.5 * told.std() < error < 2.5 * told.std()


@pytest.mark.parametrize("spread", [0.7, 1.5])
def test_other_tasks_are_at_the_distance_of_their_true_elements(spread):
    rng = np.random.default_rng(6)
    true_a, true_b = np.exp(np.array([[0.5], [spread]]) * rng.normal(size=(2, ELEMENTS)) - 9)
    true = float(symmetric_distance(true_a + PRIOR, true_b + PRIOR))
    raised, told, _ = distances(rng, true_a, true_b, count=64, other=64)
    assert raised > true + 0.01
    assert abs(told.mean() - true) < (raised - true) / 2
