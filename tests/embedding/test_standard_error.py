import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.embedding.standard_error import deal_groups, expected_repeat_distance


def naive_distance(a, b):
    u = [x / (x + y) for x, y in zip(a, b, strict=True)]
    v = [y / (x + y) for x, y in zip(a, b, strict=True)]
    product = sum(x * y for x, y in zip(u, v, strict=True))
    return 1 - product / math.sqrt(sum(x * x for x in u) * sum(y * y for y in v))


def naive_repeat_distance(replicates, prior):
    """All ways to put the groups on two sides of floor(K/2) and the rest, each counted once."""
    count = len(replicates)
    splits = {
        frozenset([frozenset(left), frozenset(range(count)) - frozenset(left)])
        for left in combinations(range(count), count // 2)
    }
    distances = []
    for split in splits:
        sides = [
            [sum(replicates[i][j] for i in side) / len(side) + prior for j in range(26)]
            for side in split
        ]
        distances.append(naive_distance(*sides))
    return sum(distances) / len(distances) / 2


@pytest.mark.parametrize("groups", [2, 3, 4, 5, 8])
def test_averages_over_all_splits(groups):
    replicates = np.random.default_rng(groups).gamma(2, size=(groups, 26))
    replicates[:, 3] = 0
    for prior in (1e-6, 0.3):
        assert expected_repeat_distance(replicates, prior) == pytest.approx(
            naive_repeat_distance(replicates.tolist(), prior), rel=1e-9
        )


def test_equal_groups_have_no_error():
    assert expected_repeat_distance(np.tile(np.arange(5.0), (8, 1)), 1e-6) == 0


def test_one_group_says_nothing():
    assert math.isnan(expected_repeat_distance(np.ones((1, 5)), 1e-6))


def test_tells_the_distance_of_repeats_whose_noise_is_known():
    # Elements of noise 5 %: the mean of 8 groups varies as much as two true repeats do.
    rng = np.random.default_rng(0)
    true = rng.lognormal(size=400)
    groups = true * rng.gamma(50, 1 / 50, size=(400, 8, 400))
    stated = np.mean([expected_repeat_distance(group, 1e-6) for group in groups[:60]])
    repeats = groups.mean(axis=1)
    actual = np.mean([symmetric_distance(a, b) for a, b in zip(repeats[::2], repeats[1::2])])  # noqa: B905
    assert stated == pytest.approx(actual, rel=0.05)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_deals_as_cards_are_dealt(labels):
    found = deal_groups(np.array(labels))
    hands, turn = [None] * len(labels), 0
    for label in range(5):
        for position, own in enumerate(labels):
            if own == label:
                hands[position] = turn % min(8, len(labels))
                turn += 1
    assert found.tolist() == hands


@given(st.lists(st.integers(0, 4), min_size=8, max_size=60))
def test_every_group_is_balanced(labels):
    groups, labels = deal_groups(np.array(labels)), np.array(labels)
    assert set(groups) == set(range(8))
    for chosen in (np.full(len(labels), True), *(labels == label for label in set(labels))):
        sizes = np.bincount(groups[chosen], minlength=8)
        assert sizes.max() - sizes.min() <= 1


def test_states_the_distance_of_real_repeats(tiny_probe, striped):
    """Disjoint images, other signs, a head of its own: what the standard error promises."""
    embeddings = [
        Embedder(tiny_probe, EmbeddingSettings(seed=repeat))
        .embed(striped(20, 20, 20, first=1000 * repeat))
        .embedding
        for repeat in range(12)
    ]
    values = [with_prior(e.values, e.space.prior_precision) for e in embeddings]
    actual = np.mean([symmetric_distance(a, b) for a, b in combinations(values, 2)])
    stated = [e.provenance.standard_error for e in embeddings]
    assert actual / 2 < np.mean(stated) < 2 * actual
    # Each of them is worth something, not their mean alone.
    assert actual / 4 < min(stated)
    assert max(stated) < 4 * actual
