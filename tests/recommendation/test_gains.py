"""Gains from outcomes: differences to the default, task by task, protocol by protocol."""

from math import isnan

import pytest

from task2vec.messages.outcomes import StoredOutcome
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.recipes import PROTOCOL_SD


def outcome(model, accuracy, *, task="roses", protocol="linear probe", **more):
    return StoredOutcome(model=model, task=task, accuracy=accuracy, protocol=protocol, **more)


def pair(plain, expert, **more):
    """Outcomes of the default and of an expert, measured likewise."""
    return [outcome("plain", plain, **more), outcome("expert", expert, **more)]


def variance_of(outcomes):
    (gain,) = GainTable(outcomes, "plain").of("expert", "roses")
    return gain.variance


def test_a_gain_is_the_difference_to_the_default_on_one_task_and_protocol():
    table = GainTable([*pair(0.70, 0.76), *pair(0.40, 0.30, task="cats")], "plain")
    assert [each.gain for each in table.of("expert", "roses")] == pytest.approx([0.06])
    assert [each.gain for each in table.of("expert", "cats")] == pytest.approx([-0.10])
    assert table.count == 2
    assert table.of("plain", "roses") == table.of("expert", "dogs") == []
    assert table.averages() == {"expert": (pytest.approx(-0.02), 2)}


def test_no_gain_without_the_default_under_the_same_protocol():
    apart = [outcome("plain", 0.7, protocol="5 epochs"), outcome("expert", 0.9, protocol="50")]
    apart += [outcome("plain", 0.70, task="cats"), outcome("expert", 0.90, task="dogs")]
    table = GainTable(apart, "plain")
    assert table.count == 0
    assert table.of("expert", "roses") == []
    assert table.averages() == {}


def test_protocols_stay_apart_and_count_once_a_task_in_the_average():
    roses = [*pair(0.70, 0.80, protocol="a"), *pair(0.50, 0.90, protocol="b")]
    table = GainTable([*roses, *pair(0.50, 0.45, task="cats")], "plain")
    assert sorted(each.gain for each in table.of("expert", "roses")) == pytest.approx([0.1, 0.4])
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
    (found,) = GainTable([*repeats, plain], "plain").of("expert", "roses")
    assert found.gain == pytest.approx(0.15)
    assert found.variance == pytest.approx((0.03**2 + 0.04**2) / 4 + 0.01**2)


def test_the_noise_is_that_of_the_interval_or_else_of_the_images():
    images = [outcome("plain", 0.70, images=50), outcome("expert", 0.80, images=400)]
    assert variance_of(images) == pytest.approx(0.7 * 0.3 / 50 + 0.8 * 0.2 / 400)
    # An accuracy of 1 on few images is not exact.
    assert variance_of(pair(1.0, 1.0, images=20)) == pytest.approx(2 * 0.01 / 20)
    stated = pair(0.8, 0.8, interval=(0.8 - 0.0392, 0.8 + 0.0392), images=10)
    assert variance_of(stated) == pytest.approx(2 * 0.02**2)
    # Nor is an outcome that states no noise.
    few, unknown, many = (variance_of(pair(0.6, 0.6, images=n)) for n in (10, None, 1000))
    assert many < unknown < few


def test_protocols_are_pooled_by_their_noise_and_what_they_differ_by():
    exact = pair(0.70, 0.80, protocol="linear, a", images=10**8)
    table = GainTable([*exact, *pair(0.50, 0.70, protocol="linear, b", images=100)], "plain")
    noise = 0.5 * 0.5 / 100 + 0.7 * 0.3 / 100
    exact, noisy = 1 / PROTOCOL_SD**2, 1 / (PROTOCOL_SD**2 + noise)
    gain, variance = table.pooled("expert", "roses")
    assert gain == pytest.approx((0.1 * exact + 0.2 * noisy) / (exact + noisy), abs=1e-6)
    assert variance == pytest.approx(1 / (exact + noisy), rel=1e-4)
    assert table.pooled("expert", "cats") is None


def test_the_defaults_accuracy_is_by_the_protocol_it_was_measured_by_most():
    table = GainTable(
        [
            outcome("plain", 0.70, protocol="few"),
            outcome("plain", 0.60, protocol="all"),
            outcome("plain", 0.80, protocol="all", task="cats"),
        ],
        "plain",
    )
    assert table.protocol == "all"
    assert (table.base("roses"), table.base("cats")) == (0.60, 0.80)
    assert isnan(table.base("dogs"))
    assert GainTable([], "plain").protocol is None
