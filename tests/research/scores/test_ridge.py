"""Leave-one-out ridge against refits without each image, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from seen_cases import made, seens, with_parts

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


def test_one_more_right_answer_counts_more_than_any_error():
    seens = [made(24, 30, 4, signal=0.5, seed=seed) for seed in range(40)]
    counts = [ridge.accuracy(seen).correct.sum() for seen in seens]
    scores = [ridge(seen) for seen in seens]
    assert len(set(counts)) > 4
    for more, high in zip(counts, scores, strict=True):
        assert all(high > low for less, low in zip(counts, scores, strict=True) if less < more)
    # And where they are equal, the error decides: there are no ties.
    assert len(set(scores)) == len(scores) > len(set(counts))


@pytest.mark.parametrize("features", [np.zeros((8, 3)), np.full((8, 3), 0.1), np.full((8, 1), 7e9)])
def test_constant_features_tell_nothing(features):
    labels = np.arange(8) % 2
    found = leave_one_out(features, labels, classes=2)
    assert found.error == pytest.approx(1)
    assert np.allclose(found.departures, 0, atol=1e-12)
    assert not ridge.accuracy(with_parts(made(8), features=features, labels=labels)).correct.any()
