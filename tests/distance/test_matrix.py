import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from task2vec.distance import (
    FAST_ERROR,
    fast_symmetric,
    symmetric_distance,
    symmetric_matrix,
    with_prior,
)
from task2vec.errors import SettingError

magnitudes = st.floats(-12, 3).map(lambda exponent: 10.0**exponent)


@given(hnp.arrays(np.float64, (7, 5), elements=magnitudes))
def test_agrees_with_the_formula_over_the_whole_range(values):
    rows, columns = values[:3], values[3:]
    slow = [[symmetric_distance(a, b) for b in columns] for a in rows]
    np.testing.assert_allclose(symmetric_matrix(rows, columns), slow, rtol=0, atol=1e-14)


@pytest.mark.parametrize("columns", [1, 26, 27, 200])
def test_blocks_are_joined_without_a_seam(columns):
    # 5,000 elements make blocks of 26 columns.
    rng = np.random.default_rng(6)
    a, b = (np.exp(3 * rng.normal(size=(m, 5000))).astype(np.float32) for m in (2, columns))
    slow = symmetric_distance(with_prior(a[:, None], 0.1), with_prior(b, 0.1))
    np.testing.assert_allclose(symmetric_matrix(a, b, prior_precision=0.1), slow, atol=1e-14)


def test_an_element_without_information_in_both_is_nan_as_in_the_formula():
    rows, columns = [[0.0, 1.0], [1.0, 1.0]], [[0.0, 2.0], [3.0, 1.0]]
    np.testing.assert_array_equal(
        np.isnan(symmetric_matrix(rows, columns)), [[True, False], [False, False]]
    )


@pytest.mark.parametrize("elements", [1, 2, 10, 300])
def test_is_never_negative_between_proportional_vectors(elements):
    # Their distance is 0, and rounding falls on either side of it.
    values = np.random.default_rng(7).lognormal(sigma=3, size=(40, elements))
    for factor in (1.0, 7.3):
        diagonal = np.diag(symmetric_matrix(values, factor * values))
        assert (diagonal >= 0).all()
        np.testing.assert_allclose(diagonal, 0, atol=2e-15)


def test_no_rows_and_no_columns():
    assert symmetric_matrix(np.empty((0, 4)), np.ones((3, 4))).shape == (0, 3)
    assert symmetric_matrix(np.ones((2, 4)), np.empty((0, 4))).shape == (2, 0)


def test_memory_stays_bounded():
    stored = np.ones((4000, 2000), dtype=np.float32)
    tracemalloc.start()
    symmetric_matrix(stored[:1], stored)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        pytest.param(np.ones((2, 3)), np.ones((2, 4)), "same number of elements", id="lengths"),
        pytest.param(np.ones((2, 3)), -np.ones((2, 3)), "never negative", id="negative column"),
        pytest.param(-np.ones((2, 3)), np.ones((2, 3)), "never negative", id="negative row"),
    ],
)
def test_refuses(rows, columns, message):
    with pytest.raises(SettingError, match=message):
        symmetric_matrix(rows, columns, prior_precision=2.0)


PRIOR = 1e-6


def agree(query, columns, prior=PRIOR):
    exact = symmetric_matrix(query, columns, prior_precision=prior)[0]
    quick = fast_symmetric(query, columns, prior_precision=prior)
    assert quick.shape == exact.shape
    return np.abs(quick - exact).max()


@pytest.mark.parametrize("spread", [0.1, 1, 4])
@pytest.mark.parametrize("elements", [3, 21_008, 200_003])
def test_it_is_off_by_a_tenth_of_what_it_may(spread, elements):
    rng = np.random.default_rng(0)
    rows = np.exp(spread * rng.normal(size=(5, elements)) - 9).astype(np.float32)
    # How far depends on the order in which the processor's kernel adds: up to a thirtieth was seen.
    assert agree(rows[0], rows) < FAST_ERROR / 10


def test_of_many_columns_each_gets_its_own():
    rows = np.exp(np.random.default_rng(1).normal(size=(70, 5000)) - 9).astype(np.float32)
    assert agree(rows[3], rows) < FAST_ERROR / 30
    assert fast_symmetric(rows[3], rows[:0], prior_precision=PRIOR).shape == (0,)


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_numbers_that_float32_cannot_square_are_judged_exactly(scale):
    rows = (scale * np.exp(np.random.default_rng(2).normal(size=(4, 50)))).astype(np.float32)
    assert agree(rows[0], rows, prior=0.0) < 1e-12


def test_what_has_no_distance_has_none():
    rows = np.array([[0, 1], [0, 2], [1, 1]], dtype=np.float32)
    quick = fast_symmetric(rows[0], rows, prior_precision=0.0)
    exact = symmetric_matrix(rows[0], rows, prior_precision=0.0)[0]
    np.testing.assert_array_equal(np.isnan(quick), np.isnan(exact))
    assert np.isnan(quick[1])
