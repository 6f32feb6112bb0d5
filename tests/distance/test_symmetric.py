import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from task2vec.distance import (
    symmetric_distance,
    symmetric_parts,
    trivial_embedding,
    with_prior,
)
from task2vec.errors import SettingError

magnitudes = st.floats(-12, 3).map(lambda exponent: 10.0**exponent)


@st.composite
def pairs(draw, elements=magnitudes):
    shape = draw(st.integers(1, 24))
    return tuple(draw(hnp.arrays(np.float64, shape, elements=elements)) for _ in range(2))


def textbook(a, b):
    u = [x / (x + y) for x, y in zip(a, b, strict=True)]
    v = [y / (x + y) for x, y in zip(a, b, strict=True)]
    dot = sum(x * y for x, y in zip(u, v, strict=True))
    return 1 - dot / np.sqrt(sum(x * x for x in u) * sum(y * y for y in v))


def test_golden(golden, close):
    s, t, t0 = golden["source"], golden["target"], golden["t0"]
    paper = golden["paper"]
    close(symmetric_distance(s, t), paper["d_sym"])
    close(symmetric_distance(s, t0), paper["d_sym_source_t0"])
    close(symmetric_distance(t, t0), paper["d_sym_target_t0"])
    with_priors = (with_prior(x, golden["prior"]) for x in (s, t))
    close(symmetric_distance(*with_priors), paper["d_sym_with_prior"])


@given(pairs())
def test_agrees_with_the_formula_written_out(pair):
    np.testing.assert_allclose(symmetric_distance(*pair), textbook(*pair), atol=1e-13)


def same(got, expected):
    # The distance is half the square of a difference of unit vectors, which rounds by 1e-16.
    np.testing.assert_allclose(np.sqrt(got), np.sqrt(expected), rtol=1e-10, atol=1e-15)


@given(pairs(), magnitudes, st.randoms(use_true_random=False))
def test_laws(pair, factor, random):
    a, b = pair
    distance = symmetric_distance(a, b)
    assert distance == symmetric_distance(b, a)
    assert 0 <= distance <= 1 + 1e-15
    assert symmetric_distance(a, a) == 0
    assert symmetric_distance(a, factor * a) < 1e-30
    same(symmetric_distance(factor * a, factor * b), distance)
    order = list(range(a.size))
    random.shuffle(order)
    same(symmetric_distance(a[order], b[order]), distance)


@given(pairs(elements=st.one_of(st.just(0.0), magnitudes)))
def test_is_finite_with_a_prior_and_nan_for_an_element_without_information_in_both(pair):
    a, b = pair
    assert np.isfinite(symmetric_distance(with_prior(a, 1e-9), with_prior(b, 1e-9)))
    if ((a == 0) & (b == 0)).any():
        assert np.isnan(symmetric_distance(a, b))


def test_keeps_its_digits_for_near_neighbours():
    a = np.linspace(1.0, 2.0, 50)
    e = 1e-9 * np.cos(np.arange(50))
    # For log-ratios e near 0, u and v are (1 -+ e/2)/2; what differs between them once both have
    # unit length is (e - mean(e))/sqrt(n), so that the distance is half the variance of e.
    expected = np.var(e) / 2
    np.testing.assert_allclose(symmetric_distance(a, a * np.exp(e)), expected, rtol=1e-5)


def test_broadcasts_over_leading_dimensions():
    rng = np.random.default_rng(0)
    a, b = rng.lognormal(size=(3, 1, 7)), rng.lognormal(size=(4, 7))
    batched = symmetric_distance(a, b)
    looped = [[symmetric_distance(x[0], y) for y in b] for x in a]
    np.testing.assert_allclose(batched, looped, rtol=1e-14)


def test_single_precision_is_widened_before_anything_else():
    a, b = np.float32([1e-5, 3e-4, 2e-30]), np.float32([2e-5, 1e-4, 5e-31])
    assert symmetric_distance(a, b) == symmetric_distance(a.astype(float), b.astype(float))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        pytest.param([1.0, 2.0], [1.0], r"\(2,\) and \(1,\)", id="lengths differ"),
        pytest.param(1.0, [1.0], r"\(\) and \(1,\)", id="a number"),
        pytest.param([1.0, -2.0], [1.0, 2.0], "got -2.0", id="negative"),
    ],
)
def test_refuses(a, b, message):
    with pytest.raises(SettingError, match=message):
        symmetric_distance(a, b)


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
    np.testing.assert_array_equal(symmetric_parts(*pair[::-1]), parts)


@given(pairs(), magnitudes)
def test_no_part_of_what_is_common_to_all_elements(pair, factor):
    assert (symmetric_parts(pair[0], pair[0]) == 0).all()
    assert symmetric_parts(pair[0], factor * pair[0]).max() < 1e-30


def test_the_prior_is_added_in_double_precision():
    values = np.float32([1.0, 0.0])
    np.testing.assert_array_equal(with_prior(values, 1e-12), [1 + 1e-12, 1e-12])
    np.testing.assert_array_equal(values, [1.0, 0.0])


def test_the_trivial_embedding_is_the_prior_alone():
    np.testing.assert_array_equal(trivial_embedding(3, 0.5), [0.5, 0.5, 0.5])


@pytest.mark.parametrize("prior", [-1e-9, math.nan, math.inf])
def test_refuses_a_prior_that_is_no_precision(prior):
    with pytest.raises(SettingError, match="prior precision"):
        with_prior([1.0], prior)
