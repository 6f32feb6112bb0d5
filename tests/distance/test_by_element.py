import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_symmetric import magnitudes, pairs

from task2vec.distance import symmetric_distance, symmetric_parts
from task2vec.errors import SettingError


def written_out(a, b):
    """The parts by the cosine itself: half of both squares less the product, as unit vectors."""
    shares = [[x / (x + y) for x, y in zip(*some, strict=True)] for some in ((a, b), (b, a))]
    u, v = ([x / np.sqrt(sum(y * y for y in row)) for x in row] for row in shares)
    return [(x * x + y * y) / 2 - x * y for x, y in zip(u, v, strict=True)]


@given(pairs())
def test_the_parts_are_those_of_the_formula_and_add_up_to_the_distance(pair):
    parts = symmetric_parts(*pair)
    assert parts.shape == pair[0].shape
    assert (parts >= 0).all()
    np.testing.assert_allclose(parts, written_out(*pair), atol=1e-14)
    assert parts.sum() == pytest.approx(float(symmetric_distance(*pair)), abs=1e-12)


@given(pairs(), magnitudes)
def test_no_part_of_what_is_common_to_all_elements(pair, factor):
    assert (symmetric_parts(pair[0], pair[0]) == 0).all()
    assert symmetric_parts(pair[0], factor * pair[0]).max() < 1e-30


@given(pairs(), st.randoms(use_true_random=False))
def test_parts_move_with_their_elements_and_not_with_the_order_of_the_tasks(pair, random):
    a, b = pair
    order = list(range(len(a)))
    random.shuffle(order)
    expected = symmetric_parts(a, b)
    np.testing.assert_allclose(
        symmetric_parts(a[order], b[order]), expected[order], rtol=1e-9, atol=1e-16
    )
    np.testing.assert_array_equal(symmetric_parts(b, a), expected)


def test_leading_axes_broadcast():
    rng = np.random.default_rng(3)
    a, b = rng.uniform(1, 9, (4, 1, 6)), rng.uniform(1, 9, (5, 6))
    parts = symmetric_parts(a, b)
    assert parts.shape == (4, 5, 6)
    np.testing.assert_allclose(parts[2, 3], symmetric_parts(a[2, 0], b[3]), rtol=1e-12)


def test_refuses_what_the_distance_refuses():
    with pytest.raises(SettingError, match="same number of elements"):
        symmetric_parts([1.0, 2.0], [1.0])
    with pytest.raises(SettingError, match="never negative"):
        symmetric_parts([1.0, -2.0], [1.0, 1.0])
