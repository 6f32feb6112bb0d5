"""New images are less like those that train than held-out ones, the more so the more there are."""

from math import exp, log

import pytest

from task2vec.recommendation.prediction.new_images import COST, SD_FEW, SD_MANY, on_new_images


def odds(accuracy):
    return log(accuracy / (1 - accuracy))


def new(accuracy, *, images, classes=4, tested=10**9, reach=1.0):
    return on_new_images(accuracy, tested=tested, images=images, classes=classes, reach=reach)


def test_with_few_images_nothing_is_lost_and_with_many_what_was_measured():
    assert new(0.8, images=30).accuracy == pytest.approx(0.8)
    assert odds(new(0.8, images=200).accuracy) == pytest.approx(odds(0.8) - COST)
    assert new(0.8, images=5000) == new(0.8, images=200)
    # Halfway in the logarithm.
    assert odds(new(0.8, images=100).accuracy) == pytest.approx(odds(0.8) - COST / 2)


@pytest.mark.parametrize(("images", "sd"), [(20, SD_FEW), (300, SD_MANY)])
def test_the_interval_has_the_doubt_of_new_images_and_that_of_the_test(images, sd):
    every = new(0.7, images=images)
    assert odds(every.high) - odds(every.accuracy) == pytest.approx(sd, abs=1e-3)
    assert odds(every.accuracy) - odds(every.low) == pytest.approx(sd, abs=1e-3)
    few = new(0.7, images=images, tested=10)
    p = 8 / 12
    whole = (sd**2 + 1 / (10 * p * (1 - p))) ** 0.5
    assert odds(few.high) - odds(few.accuracy) == pytest.approx(whole, abs=1e-3)


def test_bad_luck_below_chance_counts_as_chance():
    few = new(2 / 12, images=12, tested=12)
    assert few.accuracy == pytest.approx(1 / 4)
    assert few.low < 1 / 4 < few.high < 1
    # Nor do new images take it below.
    assert new(0.26, images=400).accuracy == 1 / 4


def test_the_ends_stay_within_bounds():
    for accuracy in (0.0, 1.0):
        found = new(accuracy, images=40, tested=20, reach=1.645)
        assert 0 < found.low < found.accuracy < found.high < 1
    assert new(1.0, images=40, tested=20).accuracy == pytest.approx(1 / (1 + exp(-odds(0.99))))
