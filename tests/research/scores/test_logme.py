"""LogME against direct maximisation of the plain Gaussian evidence, and its laws."""

from math import log, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from seen_cases import made, seens

from research.scores.logme import LEAST_NOISE, LogMe, log_evidences

logme = LogMe()
MOST = -2 * log(LEAST_NOISE)


def plain_evidence(F, y, *, log_alpha, log_beta):
    """``log N(y; 0, I / beta + F F^T / alpha) / N``, by dense matrices."""
    covariance = np.exp(-log_beta) * np.eye(len(y)) + np.exp(-log_alpha) * F @ F.T
    sign, logdet = np.linalg.slogdet(covariance)
    assert sign == 1
    return -0.5 * (log(2 * pi) + (logdet + y @ np.linalg.solve(covariance, y)) / len(y))


def maximised(F, y):
    """Climb from many places: there may be several maxima."""
    bounds = [(-8, 30), (-10, MOST)]
    found = [
        minimize(
            lambda place: -plain_evidence(F, y, log_alpha=place[0], log_beta=place[1]),
            start,
            bounds=bounds,
            method="L-BFGS-B",
            options={"ftol": 1e-13, "gtol": 1e-9},
        )
        for start in [(-6, 2), (0, 0), (2, 4), (4, 10), (8, 1), (20, 1)]
    ]
    return -min(result.fun for result in found)


@pytest.mark.parametrize("offset", [0.0, 2.0])
@pytest.mark.parametrize("signal", [0.0, 0.7, 3.0])
@pytest.mark.parametrize(("images", "width"), [(30, 4), (12, 40), (20, 20), (9, 1), (2, 1), (2, 5)])
def test_agrees_with_direct_maximisation(images, width, signal, offset):
    seen = made(images, width, 2, signal=signal, offset=offset, seed=images + width)
    expected = [
        maximised(seen.features, (seen.labels == label).astype(float)) for label in range(2)
    ]
    assert log_evidences(seen.features, seen.labels) == pytest.approx(expected, abs=2e-6)
    assert logme(seen) == pytest.approx(np.mean(expected), abs=2e-6)


@pytest.mark.parametrize("seed", [39, 104, 108, 955])
def test_the_highest_of_several_maxima_is_found(seed):
    # Feature upon feature is weaker, and a faint one tells the most: from most places the climb
    # ends at noise alone.
    features = np.random.default_rng(seed).normal(size=(12, 6)) * np.logspace(0, -3, 6)
    labels = np.arange(12) % 2
    expected = [maximised(features, (labels == label).astype(float)) for label in range(2)]
    assert log_evidences(features, labels) == pytest.approx(expected, abs=2e-6)


@settings(deadline=None, max_examples=40)
@given(seens(), st.integers(-8, 8), st.integers(-8, 11))
def test_no_prior_and_noise_have_more_evidence(seen, log_alpha, log_beta):
    y = (seen.labels == seen.labels[0]).astype(float)
    found = log_evidences(seen.features, seen.labels)[seen.labels[0]]
    other = plain_evidence(seen.features, y, log_alpha=log_alpha, log_beta=log_beta)
    assert found >= other - 1e-6


@pytest.mark.parametrize("features", [np.full((8, 3), 2.5), np.tile([1.0, -4, 0.5], (8, 1))])
def test_equal_features_are_as_good_as_one_that_is_constant(features):
    # Covariance I / beta + c 1 1^T: the mean explains a part, the noise the rest.
    labels = np.arange(8) % 2
    expected = maximised(np.ones((8, 1)), (labels == 0).astype(float))
    assert log_evidences(features, labels) == pytest.approx([expected] * 2, abs=2e-6)
