"""Leave-one-out ridge against refits without each image, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_cases import made, rotation, seens, with_parts

from research.scores.ridge import Ridge
from task2vec.recommendation.measure.linear_probe import PENALTIES, leave_one_out

ridge = Ridge()


def refitted(features, labels, classes, *, penalty, held):
    """Fit without one image by the normal equations, bias and all; return its prediction."""
    images, width = features.shape
    weights = np.array([1 / (classes * (labels == label).sum()) for label in labels])
    mean = weights @ features
    variance = sum(w * np.sum((x - mean) ** 2) for w, x in zip(weights, features, strict=True))
    others = [j for j in range(images) if j != held]
    A = np.hstack([features[others], np.ones((images - 1, 1))])
    Y = np.eye(classes)[labels[others]]
    W = np.diag(weights[others])
    keep = penalty * variance * np.diag([*[1.0] * width, 0.0])
    solution = np.linalg.solve(A.T @ W @ A + keep, A.T @ W @ Y)
    shares = weights[others] @ Y / weights[others].sum()
    return np.append(features[held], 1) @ solution, shares


def by_refits(seen, penalties=PENALTIES):
    """Return departures, relative error and penalty of the best penalty."""
    classes, labels = seen.classes, seen.labels
    found = []
    for penalty in penalties:
        departures, error, without = [], 0.0, 0.0
        for i, label in enumerate(labels):
            said, shares = refitted(seen.features, labels, classes, penalty=penalty, held=i)
            truth = np.eye(classes)[label]
            weight = 1 / (classes * (labels == label).sum())
            error += weight * np.sum((truth - said) ** 2)
            without += weight * np.sum((truth - shares) ** 2)
            departures.append(said - shares)
        found.append((error / without, penalty, np.array(departures)))
    return min(found, key=lambda each: each[0])


@settings(deadline=None, max_examples=25)
@given(seens())
def test_agrees_with_refits_without_each_image(seen):
    error, penalty, departures = by_refits(seen)
    found = leave_one_out(seen.features, seen.labels, classes=seen.classes)
    assert found.penalty == penalty
    assert found.error == pytest.approx(error, rel=1e-6)
    assert np.allclose(found.departures, departures, rtol=1e-5, atol=1e-8)
    right = [row.argmax() == label for row, label in zip(departures, seen.labels, strict=True)]
    assert ridge.accuracy(seen).correct.tolist() == right
    assert ridge(seen) == pytest.approx((sum(right) + 1 / (1 + error)) / (len(right) + 1))


@settings(deadline=None)
@given(seens(), st.sampled_from([1e-3, 1.0, 1e4]), st.integers(0, 99))
def test_scale_shift_and_rotation_of_the_features_do_not_matter(seen, scale, seed):
    width = seen.features.shape[1]
    moved = scale * (seen.features @ rotation(width, seed=seed) + np.linspace(-9, 9, width))
    first = leave_one_out(seen.features, seen.labels, classes=seen.classes)
    second = leave_one_out(moved, seen.labels, classes=seen.classes)
    assert second.penalty == first.penalty
    assert np.allclose(second.departures, first.departures, rtol=1e-5, atol=1e-8)


def test_one_more_right_answer_counts_more_than_any_error():
    seens = [made(24, 30, 4, signal=0.5, seed=seed) for seed in range(40)]
    counts = [ridge.accuracy(seen).correct.sum() for seen in seens]
    scores = [ridge(seen) for seen in seens]
    assert len(set(counts)) > 4
    for more, high in zip(counts, scores, strict=True):
        assert all(high > low for less, low in zip(counts, scores, strict=True) if less < more)
    # And where they are equal, the error decides: there are no ties.
    assert len(set(scores)) == len(scores) > len(set(counts))


def test_meaningless_features_are_near_chance_with_few_images_a_class():
    labels = np.repeat(np.arange(20), 5)
    # Of the other images 4 of 99 show the own class, 5 of 99 each other one.
    shares = (5 - np.eye(20)[labels]) / 99
    found, biased = [], []
    for seed in range(40):
        features = np.random.default_rng(seed).normal(size=(100, 40))
        departures = leave_one_out(features, labels, classes=20).departures
        found.append(np.mean(departures.argmax(axis=1) == labels))
        biased.append(np.mean((departures + shares).argmax(axis=1) == labels))
    # A little below, since the own class has one image less to be found by.
    assert 0.5 / 20 < np.mean(found) < 1.1 / 20
    assert np.mean(biased) < 0.2 / 20


def test_five_images_a_class_are_enough_to_see_good_features():
    labels = np.repeat(np.arange(10), 5)
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 500))
    noise = rng.normal(size=(50, 500))
    seen = [
        with_parts(made(50, classes=10), features=signal * centres[labels] + noise, labels=labels)
        for signal in (0, 0.25, 0.5)
    ]
    accuracies = [ridge.accuracy(each).accuracy for each in seen]
    assert accuracies[0] < 0.3 < 0.5 < accuracies[1] < accuracies[2]
    assert accuracies[2] > 0.95


def test_classes_count_equally_however_many_images_they_have():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], [60, 6])
    features = rng.normal(size=(66, 3)) + 1.5 * np.eye(2, 3)[labels]
    correct = ridge.accuracy(with_parts(made(66), features=features, labels=labels)).correct
    # A regression to shares would give nearly all to the large class.
    assert correct[labels == 1].mean() > 0.5


@pytest.mark.parametrize("features", [np.zeros((8, 3)), np.full((8, 3), 0.1), np.full((8, 1), 7e9)])
def test_constant_features_tell_nothing(features):
    labels = np.arange(8) % 2
    found = leave_one_out(features, labels, classes=2)
    assert found.error == pytest.approx(1)
    assert np.allclose(found.departures, 0, atol=1e-12)
    assert not ridge.accuracy(with_parts(made(8), features=features, labels=labels)).correct.any()
