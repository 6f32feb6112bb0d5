"""Inner products that stand for the symmetric distance."""

import numpy as np
import pytest

from task2vec.distance import symmetric_matrix
from task2vec.store.index import geometry as module
from task2vec.store.index.geometry import Geometry

PRIOR = 1e-6


def clustered(clusters, each, *, elements=300, seed=0):
    """Tasks in clusters, wide on a log scale, some elements dead everywhere."""
    rng = np.random.default_rng(seed)
    shared = 2 * rng.normal(size=elements) - 9
    centres = shared + rng.normal(size=(clusters, elements))
    x = np.repeat(centres, each, axis=0) + 0.4 * rng.normal(size=(clusters * each, elements))
    values = np.exp(x).astype(np.float32)
    values[:, :20] = 0
    return values


def test_the_distance_is_a_function_of_two_additive_kernels():
    a, b = clustered(2, 1).astype(np.float64) + PRIOR
    delta, n = np.log(a) - np.log(b), a.size
    N, T = (0.25 / np.cosh(delta / 2) ** 2).sum(), np.tanh(delta / 2).sum()
    expected = 1 - N / np.sqrt((n / 2 - N) ** 2 - (T / 2) ** 2)
    assert symmetric_matrix(a, b)[0, 0] == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("tilt", [0.0, 0.12, -0.5])
def test_products_of_features_are_the_kernels(tilt):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1, 5000)).astype(np.float32)
    products, expected = [], []
    for shift in np.linspace(-1, 1, 9):
        y = x + (0.7 * rng.normal(size=x.shape) + shift).astype(np.float32)
        delta = (x - y).astype(np.float64)
        N, T = 0.25 / np.cosh(delta / 2) ** 2, np.tanh(delta / 2)
        expected.append((N + tilt * T).mean())
        products.append((module._tilted(x, tilt) @ module._features(y).T)[0, 0] / 5000)
    # The series lacks its constant.
    shifted = np.array(products) - np.mean(products) + np.mean(expected)
    np.testing.assert_allclose(shifted, expected, atol=0.012 if tilt else 0.006)
    assert np.ptp(expected) > 0.03


def recall(values, rows, *, count, alpha):
    complexities = symmetric_matrix(np.zeros_like(values[:1]), values, prior_precision=PRIOR)[0]
    geometry = Geometry.fit(values, prior_precision=PRIOR)
    codes = geometry.codes(values, complexities)
    hits = []
    for row in rows:
        distances = symmetric_matrix(values[row], values, prior_precision=PRIOR)[0]
        nearest = set(np.argsort(distances - alpha * complexities)[:10].tolist())
        scores = geometry.queries(values[row], alpha=alpha) @ codes.T
        proposed = set(np.argsort(-scores, axis=1)[:, :count].ravel().tolist())
        hits.append(len(nearest & proposed) / 10)
    return np.mean(hits)


@pytest.mark.parametrize("alpha", [0.0, 0.15])
def test_the_nearest_are_among_the_proposed(alpha):
    values = clustered(60, 15)
    assert recall(values, range(0, 900, 37), count=60, alpha=alpha) >= 0.99


def test_complexity_counts_for_sources():
    values = clustered(60, 15) * np.exp(np.random.default_rng(3).normal(size=(900, 1)))
    values = values.astype(np.float32)
    rows = range(0, 900, 37)
    assert recall(values, rows, count=60, alpha=1.0) >= 0.9


def test_codes_do_not_depend_on_who_else_is_coded():
    values, complexities = clustered(100, 4), np.linspace(0, 1, 400)
    geometry = Geometry.fit(values[:300], prior_precision=PRIOR)
    assert geometry.trained == 300
    codes = geometry.codes(values, complexities)
    np.testing.assert_allclose(
        codes[[7, 255, 256, 399]],
        np.concatenate(
            [geometry.codes(values[i : i + 1], complexities[i : i + 1]) for i in (7, 255, 256, 399)]
        ),
        atol=2e-4,
    )
    np.testing.assert_array_equal(codes[:, -1], complexities.astype(np.float32))


def test_one_task_and_equal_tasks_have_a_geometry():
    for count in (1, 5):
        values = np.repeat(clustered(1, 1), count, axis=0)
        geometry = Geometry.fit(values, prior_precision=PRIOR)
        codes = geometry.codes(values, np.zeros(count))
        assert np.isfinite(codes).all()
        assert np.isfinite(geometry.queries(values[0], alpha=0.1)).all()
