"""What evidence from other tasks says of a gain, against normal conjugacy worked otherwise."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.recommend.gains import (
    REACH,
    SPREAD,
    Belief,
    GainTable,
    Observation,
    likeness,
    update,
)
from task2vec.types import Outcome

PRIOR = Belief(0.02, 0.05)
GAINS = st.floats(-0.5, 0.5)
OBSERVATIONS = st.lists(
    st.builds(
        Observation,
        gain=GAINS,
        variance=st.floats(1e-6, 0.05),
        distance=st.floats(0, 6 * REACH),
    ),
    max_size=6,
)
BELIEFS = st.builds(Belief, mean=GAINS, sd=st.floats(1e-3, 0.3))


def outcome(model, accuracy, *, task="roses", protocol="p", interval=None, images=None):
    return Outcome("", model, task, accuracy, protocol, interval=interval, images=images)


def posterior_on_a_grid(prior, observations):
    """Multiply densities on a fine grid; noise at likeness k has variance v + s^2 (1/k - 1)."""
    grid = np.linspace(-1, 1, 20_001)
    log = -(((grid - prior.mean) / prior.sd) ** 2) / 2
    for seen in observations:
        k = np.exp(-((seen.distance / REACH) ** 2))
        log -= (grid - seen.gain) ** 2 / (seen.variance + SPREAD**2 * (1 / k - 1)) / 2
    density = np.exp(log - log.max())
    density /= density.sum()
    mean = density @ grid
    return mean, sqrt(density @ (grid - mean) ** 2)


def test_likeness_at_the_landmarks():
    assert likeness(0) == 1
    assert likeness(REACH) == pytest.approx(np.exp(-1))
    assert likeness(10 * REACH) < 1e-40
    # Noise may push a symmetric distance below 0: that is no more than equal.
    assert likeness(-0.01) == 1


@given(st.lists(st.floats(0, 4 * REACH), min_size=2, max_size=2, unique=True))
def test_likeness_falls_with_distance(distances):
    near, far = sorted(distances)
    assert 0 < likeness(far) <= likeness(near) <= 1
    if far - near > 1e-3:
        assert likeness(far) < likeness(near)


@pytest.mark.parametrize(
    "observations",
    [
        [],
        [Observation(0.10, 0.03**2, 0.0)],
        [Observation(0.10, 0.03**2, 0.5 * REACH)],
        [Observation(0.10, 0.02**2, 0.3 * REACH), Observation(-0.05, 0.04**2, 1.2 * REACH)],
        [Observation(0.10, 0.02**2, 0.0)] * 4,
    ],
)
def test_update_is_the_product_of_the_densities(observations):
    found = update(PRIOR, observations)
    assert (found.mean, found.sd) == pytest.approx(
        posterior_on_a_grid(PRIOR, observations), abs=1e-6
    )


def test_an_exact_observation_of_the_same_task_is_believed():
    found = update(PRIOR, [Observation(0.123, 0.0, 0.0)])
    assert found.mean == pytest.approx(0.123, abs=1e-6)
    assert found.sd < 1e-5


@pytest.mark.parametrize("distance", [5 * REACH, 50 * REACH, 1e6])
def test_a_far_observation_is_worthless(distance):
    found = update(PRIOR, [Observation(-0.4, 0.0, distance)])
    assert (found.mean, found.sd) == pytest.approx((PRIOR.mean, PRIOR.sd), rel=1e-6)


def test_the_nearer_of_two_equal_gains_moves_more():
    means = [
        update(PRIOR, [Observation(0.2, 1e-4, d * REACH)]).mean for d in (0, 0.5, 1, 1.5, 2, 3)
    ]
    assert means == sorted(means, reverse=True)
    assert means[0] > means[2] + 0.05 > means[-1] + 0.05


@given(prior=BELIEFS, observations=OBSERVATIONS)
def test_the_mean_lies_between_prior_and_observations(prior, observations):
    gains = [prior.mean, *(seen.gain for seen in observations)]
    found = update(prior, observations)
    assert min(gains) - 1e-9 <= found.mean <= max(gains) + 1e-9


@given(
    prior=BELIEFS,
    observations=OBSERVATIONS,
    more=st.builds(
        Observation,
        gain=GAINS,
        variance=st.floats(1e-6, 0.05),
        distance=st.floats(0, 2 * REACH),
    ),
)
def test_more_evidence_never_adds_doubt(prior, observations, more):
    before, after = update(prior, observations), update(prior, [*observations, more])
    assert 0 < after.sd < before.sd
    shuffled = update(prior, [more, *reversed(observations)])
    assert (shuffled.mean, shuffled.sd) == pytest.approx((after.mean, after.sd))


def test_a_gain_is_the_difference_to_the_default_on_one_task_and_protocol():
    table = GainTable(
        [
            outcome("plain", 0.70),
            outcome("expert", 0.76),
            outcome("plain", 0.40, task="cats"),
            outcome("expert", 0.30, task="cats"),
        ],
        "plain",
    )
    assert [gain for gain, _ in table.of("expert", "roses")] == pytest.approx([0.06])
    assert [gain for gain, _ in table.of("expert", "cats")] == pytest.approx([-0.10])
    assert table.count == 2
    assert table.of("plain", "roses") == []
    assert table.of("expert", "dogs") == []
    assert table.averages() == {"expert": (pytest.approx(-0.02), 2)}


def test_no_gain_without_the_default_under_the_same_protocol():
    table = GainTable(
        [
            outcome("plain", 0.70, protocol="5 epochs"),
            outcome("expert", 0.90, protocol="50 epochs"),
            outcome("plain", 0.70, task="cats"),
            outcome("expert", 0.90, task="dogs"),
        ],
        "plain",
    )
    assert table.count == 0
    assert table.of("expert", "roses") == []
    assert table.averages() == {}


def test_protocols_stay_apart_and_count_once_a_task_in_the_average():
    table = GainTable(
        [
            outcome("plain", 0.70, protocol="a"),
            outcome("expert", 0.80, protocol="a"),
            outcome("plain", 0.50, protocol="b"),
            outcome("expert", 0.90, protocol="b"),
            outcome("plain", 0.50, task="cats"),
            outcome("expert", 0.45, task="cats"),
        ],
        "plain",
    )
    assert sorted(gain for gain, _ in table.of("expert", "roses")) == pytest.approx([0.1, 0.4])
    assert table.count == 3
    # Tasks weigh alike: (0.25 - 0.05) / 2, not (0.1 + 0.4 - 0.05) / 3.
    assert table.averages() == {"expert": (pytest.approx(0.10), 2)}


def test_repeats_are_pooled_and_their_noise_averages_out():
    # Intervals of +-1.96 * 0.03 and +-1.96 * 0.04.
    repeats = [
        outcome("expert", 0.80, interval=(0.80 - 0.0588, 0.80 + 0.0588)),
        outcome("expert", 0.90, interval=(0.90 - 0.0784, 0.90 + 0.0784)),
    ]
    plain = outcome("plain", 0.70, interval=(0.70 - 0.0196, 0.70 + 0.0196))
    ((gain, variance),) = GainTable([*repeats, plain], "plain").of("expert", "roses")
    assert gain == pytest.approx(0.15)
    assert variance == pytest.approx((0.03**2 + 0.04**2) / 4 + 0.01**2)


def test_without_an_interval_the_number_of_images_tells_the_noise():
    ((_, variance),) = GainTable(
        [outcome("plain", 0.70, images=50), outcome("expert", 0.80, images=400)], "plain"
    ).of("expert", "roses")
    assert variance == pytest.approx(0.7 * 0.3 / 50 + 0.8 * 0.2 / 400)


def test_an_accuracy_of_1_on_few_images_is_not_exact():
    ((_, variance),) = GainTable(
        [outcome("plain", 1.0, images=20), outcome("expert", 1.0, images=20)], "plain"
    ).of("expert", "roses")
    assert variance == pytest.approx(2 * 0.01 / 20)


def test_an_interval_is_preferred_to_the_number_of_images():
    stated = outcome("expert", 0.8, interval=(0.8 - 0.0392, 0.8 + 0.0392), images=10)
    plain = replace(stated, model="plain")
    ((_, variance),) = GainTable([stated, plain], "plain").of("expert", "roses")
    assert variance == pytest.approx(2 * 0.02**2)


def test_an_outcome_that_states_no_noise_is_not_taken_as_exact():
    def variance_of(**known):
        pair = [outcome("plain", 0.6, **known), outcome("expert", 0.6, **known)]
        return GainTable(pair, "plain").of("expert", "roses")[0][1]

    assert variance_of(images=1000) < variance_of() < variance_of(images=10)
