"""Which classes are called hard: those that are by construction, and no others."""

import numpy as np
import pytest

from task2vec.recommendation.answer.classes import judge_classes
from task2vec.recommendation.measure.details import recognise
from task2vec.recommendation.measure.linear_probe import cross_validate
from task2vec.recommendation.prediction.intervals import wilson_interval
from task2vec.types.details import ClassRecognition


def clouds(centres, *, images, spread, seed):
    """Features around a centre for each class, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(centres)), images)
    return rng.normal(np.asarray(centres)[labels], spread), labels


def corners(classes):
    return 4.0 * np.eye(classes, 8)


def test_two_halves_of_one_class_are_taken_for_each_other():
    centres = corners(4)
    centres[3] = centres[1]
    features, labels = clouds(centres, images=25, spread=0.3, seed=0)
    found = judge_classes(("a", "left", "c", "right"), recognise(features, labels, classes=4))
    hard = [each for each in found.classes if each.hard]
    assert {each.name: each.taken_for.name for each in hard} == {
        "left": "right",
        "right": "left",
    }
    assert found.hard_classes == 2
    assert {each.name for each in found.classes[:2]} == {"left", "right"}
    for each in hard:
        assert each.taken_for.images == each.images - each.correct
        assert each.interval == wilson_interval(each.correct, 25, level=1 - 0.05 / 4)
        assert each.interval[1] < each.others
    easy = found.classes[-1]
    assert (easy.correct, easy.taken_for, easy.hard) == (25, None, False)
    assert found.accuracy == pytest.approx(np.mean([each.accuracy for each in found.classes]))
    assert found.images == 100


def test_equally_hard_classes_are_hardly_ever_called_hard():
    rng = np.random.default_rng(0)
    called = 0
    for _ in range(200):
        told = [
            ClassRecognition(30, int(right), {0: 30 - int(right)} if right < 30 else {})
            for right in rng.binomial(30, 0.7, size=40)
        ]
        called += judge_classes(tuple(map(str, range(40))), tuple(told)).hard_classes > 0
    # Without a correction it would be more than half of them.
    assert called <= 0.05 * 200 + 6


def test_a_class_of_one_image_is_left_aside():
    features, labels = clouds(corners(3), images=6, spread=0.1, seed=1)
    kept = np.concatenate([np.flatnonzero(labels != 1), [6]])
    found = recognise(features[np.sort(kept)], labels[np.sort(kept)], classes=3)
    assert found[1] == ClassRecognition(0, 0, {})
    judged = judge_classes(("a", "b", "c"), found)
    assert judged.alone == ("b",)
    assert [each.correct for each in judged.classes] == [6, 6]


@pytest.mark.parametrize("images", [2, 3])
def test_classes_of_few_images_are_recognised_as_a_linear_probe_does(images):
    centres = 0.6 * np.random.default_rng(2).normal(size=(60, 64))
    features, labels = clouds(centres, images=images, spread=1.0, seed=3)
    found = recognise(features, labels, classes=60)
    accuracy = sum(each.correct for each in found) / len(labels)
    probed = cross_validate(features, labels, classes=60)
    assert accuracy == pytest.approx(probed.accuracy, abs=0.1)
    # Nor are they where there is nothing to recognise.
    noise, _ = clouds(np.zeros((60, 64)), images=images, spread=1.0, seed=4)
    found = recognise(noise, labels, classes=60)
    assert sum(each.correct for each in found) / len(labels) < 0.06


def test_too_few_classes_tell_nothing():
    features = np.random.default_rng(0).normal(size=(4, 3))
    assert recognise(features, np.array([0, 0, 0, 1]), classes=2) is None


def test_features_that_are_all_alike_recognise_nothing():
    found = recognise(np.ones((6, 4)), np.array([0, 0, 0, 1, 1, 1]), classes=2)
    assert [(each.images, each.correct) for each in found] == [(3, 0), (3, 0)]
    assert found[0].taken_for == {1: 3}
