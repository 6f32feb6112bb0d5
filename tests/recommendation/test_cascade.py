"""What the cascade measures next, against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.recommendation.gain_model.posterior import Belief
from task2vec.recommendation.measure.cascade import WORTH, next_model, promises, worth_trying


def belief(seed, count=4):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, count)) * 0.03
    return Belief(rng.normal(size=count) * 0.03, root @ root.T)


def resolved(found, place, drawn):
    """Return what all gains are expected to be (N, n) once one of them is known, for N draws."""
    weight = found.covariance[place] / found.covariance[place, place]
    return found.mean + weight * (drawn[:, [place]] - found.mean[place])


def test_a_promise_is_what_a_measurement_makes_the_choice_better_by():
    found = belief(1)
    drawn = np.random.default_rng(2).multivariate_normal(found.mean, found.covariance, 400_000)
    for leader in range(4):
        naive = np.zeros(4)
        for rival in set(range(4)) - {leader}:
            told = resolved(found, rival, drawn)
            naive[rival] = np.maximum(told[:, rival] - told[:, leader], 0).mean()
            told = resolved(found, leader, drawn)
            against = np.maximum(told[:, rival] - told[:, leader], 0).mean()
            naive[leader] = max(naive[leader], against)
        np.testing.assert_allclose(promises(found, leader=leader), naive, atol=2e-4)


@given(st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_rivals_promise_no_less_than_the_difference_of_means(seed, leader):
    found = belief(seed)
    promised = promises(found, leader=leader)
    assert (promised >= np.maximum(found.mean - found.mean[leader], 0) - 1e-12).all()


def test_what_is_known_exactly_promises_nothing():
    sure = Belief(np.array([0.0, 0.03, -0.02]), np.zeros((3, 3)))
    assert promises(sure, leader=0).tolist() == [0, 0, 0]


def test_the_most_promising_untried_model_is_next():
    doubtful = Belief(np.array([0.0, -0.02, -0.02]), np.diag([0.0, 0.01, 0.09]) ** 2)
    none = np.zeros(3, dtype=bool)
    assert next_model(doubtful, leader=0, tried=none) == 2
    # The other one promises too little to be measured.
    assert promises(doubtful, leader=0)[1] < WORTH
    assert next_model(doubtful, leader=0, tried=np.array([True, False, True])) is None
    assert next_model(doubtful, leader=0, tried=np.ones(3, dtype=bool)) is None


def test_a_leader_that_was_never_measured_is_measured_before_it_is_taken():
    # The others are known well: all doubt is in the leader.
    guessed = Belief(np.array([0.0, 0.08, 0.05]), np.diag([0.0, 0.2, 0.01]) ** 2)
    assert next_model(guessed, leader=1, tried=np.array([True, False, True])) == 1
    assert next_model(guessed, leader=1, tried=np.array([True, False, False])) == 1


def test_what_no_measurement_tells_apart_promises_nothing():
    # The two gain the same, whatever it is.
    same = Belief(np.array([0.04, 0.03]), np.full((2, 2), 0.1**2))
    assert promises(same, leader=0) == pytest.approx([0, 0])


def test_of_several_that_are_worth_it_the_most_promising_comes_first():
    doubtful = Belief(np.zeros(4), np.diag([0.0, 0.05, 0.09, 0.02]) ** 2)
    none = np.zeros(4, dtype=bool)
    assert worth_trying(doubtful, leader=0, tried=none) == [2, 1, 3]
    assert worth_trying(doubtful, leader=0, tried=np.arange(4) == 2) == [1, 3]


def test_a_rival_that_is_surely_ahead_promises_its_lead():
    # The two gain alike, whatever it is, but for three points that the rival is ahead by.
    same = Belief(np.array([0.04, 0.01]), np.full((2, 2), 0.1**2))
    assert promises(same, leader=1) == pytest.approx([0.03, 0.03])
