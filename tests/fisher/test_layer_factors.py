import numpy as np
import pytest

from task2vec.fisher.layer_factors import layer_factors


def test_exact_slopes_are_taken_as_they_are():
    parts = np.array([1.0, 2.0, 0.5])
    found = layer_factors(parts * (0.5, 2, 3), errors=np.zeros(3), gauss_newton=parts)
    np.testing.assert_allclose(found.values, (0.5, 2, 3), rtol=1e-9)
    assert (found.errors < 1e-6).all()


def test_ratios_that_differ_by_noise_alone_become_one():
    parts, errors = np.array([10.0, 1.0, 1.0]), np.array([0.5, 2.0, 2.0])
    found = layer_factors(np.array([20.0, 3.0, 1.0]), errors=errors, gauss_newton=parts)
    # 24/12, with the error of a sum.
    np.testing.assert_allclose(found.values, 2.0)
    np.testing.assert_allclose(found.errors, np.sqrt(8.25) / 12 / 2)


def test_shrinkage_beats_the_raw_ratios_and_states_its_error():
    """Layers of known factors, half of them measured well and half badly."""
    rng = np.random.default_rng(0)
    raw, shrunk, stated = [], [], []
    for _ in range(200):
        parts = rng.uniform(0.5, 2, 40)
        factors = rng.normal(2, 0.4, 40)
        errors = np.where(np.arange(40) % 2, 0.1, 1.5) * parts
        slopes = rng.normal(factors * parts, errors)
        found = layer_factors(slopes, errors=errors, gauss_newton=parts)
        raw.append((slopes / parts - factors) ** 2)
        shrunk.append((found.values - factors) ** 2)
        stated.append((found.errors * found.values) ** 2)
    assert np.mean(shrunk) < 0.25 * np.mean(raw)
    assert 0.7 < np.mean(stated) / np.mean(shrunk) < 1.5
    # What is measured well is hardly moved.
    good = np.arange(40) % 2 == 1
    assert np.mean(np.array(shrunk)[:, good]) < 1.2 * np.mean(np.array(raw)[:, good])


@pytest.mark.parametrize(("slopes", "expected"), [((-5.0, -5.0), 0.1), ((500.0, 500.0), 10.0)])
def test_factors_are_bounded(slopes, expected):
    found = layer_factors(np.array(slopes), errors=np.full(2, 0.1), gauss_newton=np.ones(2))
    np.testing.assert_allclose(found.values, expected)


def test_a_layer_without_curvature_has_the_common_factor():
    found = layer_factors(
        np.array([3.0, 0.0]), errors=np.array([0.1, 0.0]), gauss_newton=np.array([1.0, 0.0])
    )
    np.testing.assert_allclose(found.values, (3.0, 3.0))
    nothing = layer_factors(np.zeros(2), errors=np.zeros(2), gauss_newton=np.zeros(2))
    np.testing.assert_array_equal(nothing.values, (1, 1))
