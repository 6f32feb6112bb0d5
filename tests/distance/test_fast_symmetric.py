"""Quick distances: as near as they promise, and exact where float32 cannot be."""

import numpy as np
import pytest

from task2vec.distance import FAST_ERROR, fast_symmetric, symmetric_matrix

PRIOR = 1e-6


def agree(query, columns, prior=PRIOR):
    exact = symmetric_matrix(query, columns, prior_precision=prior)[0]
    quick = fast_symmetric(query, columns, prior_precision=prior)
    assert quick.shape == exact.shape
    return np.abs(quick - exact).max()


@pytest.mark.parametrize("spread", [0.1, 1, 4])
@pytest.mark.parametrize("elements", [3, 21_008, 200_003])
def test_it_is_off_by_a_hundredth_of_what_it_may(spread, elements):
    rng = np.random.default_rng(0)
    rows = np.exp(spread * rng.normal(size=(5, elements)) - 9).astype(np.float32)
    assert agree(rows[0], rows) < FAST_ERROR / 30


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
