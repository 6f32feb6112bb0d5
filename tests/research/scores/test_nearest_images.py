"""The nearest images against loops, and their laws."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from seen_cases import seens, with_parts

from research.scores.nearest_images import NearestImages, neighbours, votes

nearest = NearestImages()


def cosine(a, b):
    lengths = sqrt(sum(x * x for x in a)) * sqrt(sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def by_loops(seen, k):
    right = []
    for i, x in enumerate(seen.features):
        others = sorted(
            ((cosine(x, seen.features[j]), j) for j in range(len(seen.labels)) if j != i),
            reverse=True,
        )
        least = others[min(k, len(others)) - 1][0]
        voters = [(c, seen.labels[j]) for c, j in others if c >= least - 1e-12]
        ballots = {label: [c for c, y in voters if y == label] for _, label in voters}
        ranked = sorted(((len(b), sum(b), y) for y, b in ballots.items()), reverse=True)
        tied = len(ranked) > 1 and ranked[1][0] == ranked[0][0]
        tied = tied and ranked[0][1] - ranked[1][1] < 1e-9
        right.append(ranked[0][2] == seen.labels[i] and not tied)
    return right


@settings(deadline=None)
@given(seens())
def test_agrees_with_loops(seen):
    k = neighbours(seen.labels)
    assert nearest.accuracy(seen).correct.tolist() == by_loops(seen, k)
    assert nearest(seen) == nearest.accuracy(seen).accuracy


@settings(deadline=None)
@given(seens())
def test_agrees_with_loops_where_many_images_are_equally_near(seen):
    coarse = with_parts(seen, features=np.round(seen.features / 2))
    k = neighbours(seen.labels)
    assert nearest.accuracy(coarse).correct.tolist() == by_loops(coarse, k)


def test_images_that_are_equally_near_but_for_rounding_all_vote():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(3, 7))[np.arange(24) % 3]
    labels = np.arange(24) % 4
    found = votes(rng.uniform(0.1, 9, (24, 1)) * directions, labels, classes=4, k=3)
    # All 7 others in its direction, of which one less shows its own class.
    same = np.array([[2 - (c == label) for c in range(4)] for label in labels])
    assert found == pytest.approx(same * (1 + 1 / 14))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [((2, 2), 1), ((3, 3), 2), ((4, 4, 4), 3), ((5, 5), 3), ((90, 90), 3), ((2, 2, 50), 1)],
)
def test_no_more_vote_than_most_classes_have(counts, expected):
    assert neighbours(np.repeat(np.arange(len(counts)), counts)) == expected
