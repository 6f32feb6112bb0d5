"""What the cascade measures next, against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.recommend.cascade import WORTH, improvements, next_model
from task2vec.recommend.gain_model.posterior import Belief


def belief(seed, count=4):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count)) * 0.03
    return Belief(rng.normal(size=count) * 0.03, root @ root.T)


def test_the_improvement_is_the_mean_excess_over_the_leader():
    found = belief(1)
    drawn = np.random.default_rng(2).multivariate_normal(found.mean, found.covariance, 400_000)
    for leader in range(4):
        naive = np.maximum(drawn - drawn[:, [leader]], 0).mean(axis=0)
        np.testing.assert_allclose(improvements(found, leader=leader), naive, atol=2e-4)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_improvements_are_no_less_than_the_difference_of_means(seed, leader):
    found = belief(seed)
    promised = improvements(found, leader=leader)
    assert (promised >= np.maximum(found.mean - found.mean[leader], 0) - 1e-12).all()
    assert promised[leader] == 0


def test_what_is_known_exactly_promises_its_difference():
    sure = Belief(np.array([0.0, 0.03, -0.02]), np.zeros((3, 3)))
    assert improvements(sure, leader=0) == pytest.approx([0, 0.03, 0])


def test_the_most_promising_untried_model_is_next():
    doubtful = Belief(np.array([0.0, -0.02, -0.02]), np.diag([0.0, 0.01, 0.09]) ** 2)
    none = np.zeros(3, dtype=bool)
    assert next_model(doubtful, leader=0, tried=none) == 2
    # The other one promises too little to be measured.
    assert improvements(doubtful, leader=0)[1] < WORTH
    assert next_model(doubtful, leader=0, tried=np.array([True, False, True])) is None
    assert next_model(doubtful, leader=0, tried=np.ones(3, dtype=bool)) is None
