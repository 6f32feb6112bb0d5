"""Intervals against published values and against what they promise: to cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from task2vec.recommendation.prediction.intervals import paired_difference, wilson_interval

Z = 1.959963984540054


def test_wilson_ends_are_the_proportions_that_the_score_test_just_keeps():
    def score(p):
        return abs(0.3 - p) - Z * np.sqrt(p * (1 - p) / 40)

    low, high = wilson_interval(12, 40)
    assert low == pytest.approx(brentq(score, 1e-9, 0.3), abs=1e-9)
    assert high == pytest.approx(brentq(score, 0.3, 1 - 1e-9), abs=1e-9)


@pytest.mark.parametrize("total", [1, 3, 14, 80, 217])
def test_wilson_ends_at_the_very_end_where_all_or_nothing_is_right(total):
    assert wilson_interval(0, 0) == (0.0, 1.0)
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
