from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import deal_groups


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
