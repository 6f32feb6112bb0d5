"""Nats of a head against the divergence of the two Gaussians, written out."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from task2vec.probe import head_information as module
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.head_information import head_information, head_nats

PENALTY = 0.02


def data(count=30, size=4, classes=3, seed=1):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    features = rng.normal(size=(count, size)) + 1.5 * rng.normal(size=(classes, size))[labels] + 3
    return features, labels


def divergence(head, features, labels, penalty):
    """Return the divergences of the classes' posteriors from their priors, added up.

    Of each the covariance of the weights is that of weights and bias with the bias's rows left out.
    """
    count, size = features.shape
    p = softmax(features @ head.weight.T + head.bias, axis=1)
    extended = np.concatenate([features, np.ones((count, 1))], axis=1)
    prior = count * penalty * np.eye(size)
    total = 0.0
    for mean, q in zip(head.weight, p.T, strict=True):
        weights = class_weights(labels, len(head.weight)) * q * (1 - q)
        precision = count * (extended.T * weights) @ extended
        precision[:size, :size] += prior
        covariance = np.linalg.inv(precision)[:size, :size]
        logs = [np.linalg.slogdet(matrix)[1] for matrix in (covariance, prior)]
        trace = np.trace(prior @ covariance)
        total += (trace - size + mean @ prior @ mean - sum(logs)) / 2
    return total


@pytest.mark.parametrize(("classes", "size"), [(2, 3), (3, 4), (5, 2), (3, 40)])
def test_nats_are_the_divergence_of_posterior_and_prior(classes, size):
    features, labels = data(classes=classes, size=size)
    head = fit_head(features, labels, classes=classes, penalty=PENALTY)
    found = head_nats(head, features, labels, penalty=PENALTY)
    assert found.total == pytest.approx(divergence(head, features, labels, PENALTY), rel=1e-6)
    assert found.noise > 0
    assert found.place > 0


def test_a_task_that_features_say_nothing_of_takes_no_place():
    features = np.ones((20, 3))
    labels = np.arange(20) % 2
    found = head_nats(fit_head(features, labels, classes=2), features, labels)
    assert found.total == pytest.approx(0, abs=1e-9)


def test_of_as_many_images_as_fit_the_nats_are_those_of_the_head_itself():
    features, labels = data()
    head = fit_head(features, labels, classes=3, penalty=PENALTY)
    found = head_information(head, features, labels, penalty=PENALTY)
    assert found.nats == head_nats(head, features, labels, penalty=PENALTY).noise
    assert found.images == 30


def test_of_more_images_some_of_each_class_are_looked_at(monkeypatch):
    monkeypatch.setattr(module, "MOST_IMAGES", 12)
    features, labels = data(count=60)
    order = np.argsort(labels, kind="stable")
    features, labels = features[order], labels[order]
    found = head_information(
        fit_head(features, labels, classes=3, penalty=PENALTY), features, labels, penalty=PENALTY
    )
    rows = np.concatenate([np.flatnonzero(labels == label)[:4] for label in range(3)])
    head = fit_head(features[rows], labels[rows], classes=3, penalty=PENALTY)
    expected = head_nats(head, features[rows], labels[rows], penalty=PENALTY).noise
    assert found.nats == pytest.approx(expected)
    assert found.images == 12


def test_of_very_many_classes_nothing_is_told(monkeypatch):
    monkeypatch.setattr(module, "MOST_CLASSES", 2)
    features, labels = data()
    assert head_information(fit_head(features, labels, classes=3), features, labels) is None


def test_a_head_that_is_certain_has_no_noise():
    features = np.array([[-1e5], [-1e5], [1e5], [1e5]])
    labels = np.array([0, 0, 1, 1])
    head = fit_head(features, labels, classes=2, penalty=1e-8)
    certain = replace(head, weight=np.array([[-1.0], [1.0]]), bias=np.zeros(2))
    assert head_nats(certain, features, labels, penalty=1e-8).noise == 0
