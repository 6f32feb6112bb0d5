"""Intervals against published values and against what they promise: to cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from task2vec.recommendation.prediction.intervals import paired_difference, wilson_interval

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("correct", "total", "expected"),
    [
        (8, 10, (0.4902, 0.9433)),
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (50, 100, (0.4038, 0.5962)),
        (1, 1, (0.2065, 1.0)),
        (0, 0, (0.0, 1.0)),
    ],
)
def test_known_wilson_intervals(correct, total, expected):
    assert wilson_interval(correct, total) == pytest.approx(expected, abs=1e-4)


def test_wilson_ends_are_the_proportions_that_the_score_test_just_keeps():
    def score(p):
        return abs(0.3 - p) - Z * np.sqrt(p * (1 - p) / 40)

    low, high = wilson_interval(12, 40)
    assert low == pytest.approx(brentq(score, 1e-9, 0.3), abs=1e-9)
    assert high == pytest.approx(brentq(score, 0.3, 1 - 1e-9), abs=1e-9)


@pytest.mark.parametrize("total", [1, 3, 14, 80, 217])
def test_wilson_ends_at_the_very_end_where_all_or_nothing_is_right(total):
    assert wilson_interval(total, total)[1] == 1.0
    assert wilson_interval(0, total)[0] == 0.0


@given(total=st.integers(1, 500), share=st.floats(0, 1))
def test_wilson_lies_in_the_unit_interval_around_the_proportion(total, share):
    correct = round(share * total)
    low, high = wilson_interval(correct, total)
    # At 0 and at all right the end is the proportion itself, but for rounding.
    assert 0 <= low <= correct / total + 1e-12
    assert correct / total - 1e-12 <= high <= 1
    assert high > low
    mirrored = wilson_interval(total - correct, total)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.87])
def test_wilson_covers(p):
    draws = np.random.default_rng(0).binomial(60, p, 4000)
    covered = [low <= p <= high for low, high in (wilson_interval(int(c), 60) for c in draws)]
    assert 0.925 < np.mean(covered) < 0.975


def test_a_difference_worked_by_hand():
    # 3 won, 1 lost among 8: with a half added to each cell, 3.5 and 1.5 of 10.
    first = np.array([1, 1, 1, 0, 1, 1, 0, 0], dtype=bool)
    second = np.array([0, 0, 0, 1, 1, 1, 0, 0], dtype=bool)
    difference, low, high = paired_difference(first, second)
    assert difference == pytest.approx(0.25)
    half = Z * np.sqrt(3.5 + 1.5 - 2.0**2 / 10) / 10
    assert (low, high) == pytest.approx((0.2 - half, 0.2 + half))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_exchanging_the_two_mirrors_the_difference(pairs):
    first, second = np.array(pairs, dtype=bool).T
    difference, low, high = paired_difference(first, second)
    assert paired_difference(second, first) == pytest.approx((-difference, -high, -low))
    assert -1 <= low < high <= 1


@pytest.mark.parametrize("right", [0, 10, 25])
def test_equal_answers_leave_room_on_both_sides(right):
    answers = np.arange(25) < right
    difference, low, high = paired_difference(answers, answers)
    assert difference == 0
    assert low < 0 < high
    assert high == pytest.approx(Z / 27)


@pytest.mark.parametrize(("won", "lost"), [(0.25, 0.15), (0.1, 0.1), (0.3, 0.02)])
def test_paired_difference_covers_at_150_images(won, lost):
    rng = np.random.default_rng(1)
    kinds = rng.choice(3, p=[won, lost, 1 - won - lost], size=(3000, 150))
    # Where both are right or both wrong does not matter: half of each.
    both = rng.random((3000, 150)) < 0.5
    first, second = (kinds == 0) | ((kinds == 2) & both), (kinds == 1) | ((kinds == 2) & both)
    found = [paired_difference(a, b) for a, b in zip(first, second, strict=True)]
    covered = np.mean([low <= won - lost <= high for _, low, high in found])
    assert 0.92 < covered < 0.98


def test_pairing_is_narrower_than_two_proportions():
    # The same images are hard for both: that is what pairing takes out.
    first = np.arange(150) % 3 > 0
    second = first.copy()
    second[:6] = False
    _, low, high = paired_difference(first, second)
    widths = [np.ptp(wilson_interval(int(c.sum()), 150)) for c in (first, second)]
    assert high - low < 0.5 * np.hypot(*widths)
