"""The cross-validated linear probe, on separable, meaningless and numbered features."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from task2vec.probe.head import fit_head
from task2vec.recommendation.measure.linear_probe import cross_validate, leave_one_out
from task2vec.recommendation.prediction.intervals import wilson_interval


def clusters(labels, *, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    centres = 2 * np.eye(labels.max() + 1, 6)
    return centres[labels] + noise * rng.normal(size=(len(labels), 6))


def test_separable_features_are_all_right():
    labels = np.arange(60) % 4
    found = cross_validate(clusters(labels), labels, classes=4)
    assert found.correct.all()
    assert found.correct.shape == (60,)
    assert found.accuracy == 1
    assert found.interval(level=0.9) == wilson_interval(60, 60, level=0.9)


def test_the_error_is_that_of_ridge_regression_on_the_images_that_are_held_out():
    labels = np.repeat([0, 1, 2, 3], [8, 8, 8, 1])
    features = clusters(labels, noise=1.0)
    found = cross_validate(features, labels, classes=4)
    kept = labels < 3
    expected = leave_one_out(features[kept], labels[kept], classes=3).error
    assert found.error == pytest.approx(expected)
    assert 0 < found.error < 1


def test_features_that_are_all_alike_have_the_error_of_no_features():
    labels = np.arange(12) % 3
    assert cross_validate(np.ones((12, 5)), labels, classes=3).error == 1


def test_agrees_with_holding_out_by_hand():
    labels = np.random.default_rng(5).permutation(np.arange(45) % 3)
    features = clusters(labels, noise=1.5)
    expected = np.zeros(45, dtype=bool)
    folds = StratifiedKFold(5, shuffle=True, random_state=9)
    for train, held in folds.split(features, labels):
        head = fit_head(features[train], labels[train], classes=3)
        expected[held] = [
            np.argmax([w @ f + b for w, b in zip(head.weight, head.bias, strict=True)]) == y
            for f, y in zip(features[held], labels[held], strict=True)
        ]
    found = cross_validate(features, labels, classes=3, seed=9)
    assert 0.5 < found.accuracy < 1
    assert np.array_equal(found.correct, expected)
    assert np.array_equal(
        found.correct, cross_validate(features, labels, classes=3, seed=9).correct
    )
    others = [cross_validate(features, labels, classes=3, seed=s).correct for s in range(2)]
    assert any(not np.array_equal(found.correct, other) for other in others)


def test_classes_of_one_image_are_left_aside():
    # Class 1 has one image, class 3 none: four images each of 0, 2 and 4 remain.
    labels = np.array([0, 2, 4, 1, 0, 2, 4, 0, 2, 4, 0, 2, 4])
    features = clusters(labels, noise=1.5)
    found = cross_validate(features, labels, classes=5)
    assert found.correct.shape == (12,)
    # Some are right and some are not: the comparison below can fail.
    assert 0 < found.accuracy < 1
    without = np.delete(np.arange(13), 3)
    alone = cross_validate(
        features[without], np.searchsorted([0, 2, 4], labels[without]), classes=3
    )
    assert np.array_equal(found.correct, alone.correct)


def test_two_images_a_class_are_enough():
    labels = np.array([0, 0, 1, 1])
    assert cross_validate(clusters(labels), labels, classes=2).correct.all()


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 0, 0, 1], [0, 0, 0, 0]])
def test_nothing_is_said_of_fewer_than_two_classes(labels):
    labels = np.array(labels)
    assert cross_validate(clusters(labels), labels, classes=4) is None


def test_images_of_a_group_are_held_out_together():
    # Of meaningless features copies would tell the answer, and each is in the training images.
    rng = np.random.default_rng(0)
    labels, groups = np.arange(40) % 2, np.arange(40)
    once = rng.normal(size=(40, 60))
    features, labels, groups = (np.concatenate([each] * 3) for each in (once, labels, groups))
    apart = cross_validate(features, labels, classes=2)
    together = cross_validate(features, labels, classes=2, groups=groups)
    assert apart.accuracy > 0.95
    assert together.correct.shape == (120,)
    assert together.accuracy < 0.75
    assert together.error == cross_validate(once, labels[:40], classes=2).error


def test_classes_of_one_group_are_left_aside():
    labels = np.repeat([0, 1, 2], [6, 6, 4])
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6])
    found = cross_validate(clusters(labels), labels, classes=3, groups=groups)
    assert found.correct.shape == (12,)
