"""The head against a plain minimisation of the objective as it is written."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from task2vec.errors import SettingError
from task2vec.probe import solver
from task2vec.probe.head import class_weights, fit_head

PENALTY = 0.02


def data(classes, images, features, seed=0):
    """Return overlapping, lopsided classes: the first has half of the images."""
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.zeros(images // 2, int), np.arange(images - images // 2) % classes])
    centres = rng.normal(size=(classes, features))
    # A large mean and unequal scales: what the centring and the rotation must not disturb.
    X = 5 + centres[labels] + rng.normal(size=(images, features)) * rng.uniform(0.5, 2, features)
    return X, labels


def objective(flat, X, labels, penalty):
    """The loss of the docstring and its gradient, weights and all, in the most literal way."""
    classes = labels.max() + 1
    W, b = flat[: classes * X.shape[1]].reshape(classes, -1), flat[classes * X.shape[1] :]
    logits = X @ W.T + b
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    counts = [int((labels == c).sum()) for c in range(classes)]
    loss, gradient = 0.0, np.zeros_like(logits)
    for i, label in enumerate(labels):
        share = 1 / classes / counts[label]
        loss -= share * log_p[i, label]
        gradient[i] = share * (np.exp(log_p[i]) - np.eye(classes)[label])
    loss += penalty / 2 * (W**2).sum()
    dW = gradient.T @ X + penalty * W
    return loss, np.concatenate([dW.ravel(), gradient.sum(axis=0)])


def flat(head):
    return np.concatenate([head.weight.ravel(), head.bias])


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize(("images", "features"), [(60, 7), (20, 50), (30, 30)])
def test_finds_the_minimum(classes, images, features):
    X, labels = data(classes, images, features)
    head = fit_head(X, labels, classes=classes, penalty=PENALTY)
    start = np.zeros(classes * (features + 1))
    best = minimize(
        objective,
        start,
        args=(X, labels, PENALTY),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 10_000},
    )
    assert np.abs(best.jac).max() < 1e-6
    loss, gradient = objective(flat(head), X, labels, PENALTY)
    assert loss == pytest.approx(best.fun, rel=1e-9)
    # The gradient of the objective in the features' own coordinates, features of order 5.
    assert np.abs(gradient).max() < 2e-5
    W = best.x[: classes * features].reshape(classes, features)
    np.testing.assert_allclose(head.weight, W, atol=2e-4 * np.abs(W).max())
    # A constant added to all logits changes no probability.
    b = best.x[classes * features :]
    logits, expected = X @ head.weight.T + head.bias, X @ W.T + b
    np.testing.assert_allclose(
        logits - logits.mean(axis=1, keepdims=True),
        expected - expected.mean(axis=1, keepdims=True),
        atol=1e-3,
    )
    assert head.fit.converged
    assert head.fit.gradient_norm < 1e-6


def test_reports_how_the_fit_ended():
    X, labels = data(3, 40, 6, seed=3)
    head = fit_head(X, labels, classes=3, penalty=PENALTY)
    logits = X @ head.weight.T + head.bias
    log_p = logits - logsumexp(logits, axis=1, keepdims=True)
    own = log_p[np.arange(40), labels]
    right = logits.argmax(axis=1) == labels
    # Means over classes of the means within them.
    assert head.fit.loss == pytest.approx(-np.mean([own[labels == c].mean() for c in range(3)]))
    expected = np.mean([right[labels == c].mean() for c in range(3)])
    assert head.fit.training_accuracy == pytest.approx(expected)
    assert 0.4 < expected < 1


def test_says_when_it_did_not_converge(monkeypatch):
    X, labels = data(3, 40, 6)
    monkeypatch.setattr(solver, "_ITERATIONS", 2)
    fit = fit_head(X, labels, classes=3, penalty=PENALTY).fit
    assert not fit.converged
    assert fit.iterations == 2
    assert fit.gradient_norm > 1e-4


def test_large_features_take_few_steps():
    X, labels = data(24, 240, 60)
    fit = fit_head(100 * X, labels, classes=24, penalty=1).fit
    assert fit.converged
    assert fit.iterations < 60


@pytest.mark.parametrize("classes", [2, 3])
def test_nothing_to_learn(classes):
    labels = np.arange(6) % classes
    head = fit_head(np.ones((6, 4)), labels, classes=classes)
    assert (head.weight == 0).all()
    assert head.fit.loss == pytest.approx(np.log(classes))


def test_one_image_a_class():
    X, _ = data(2, 30, 8)
    head = fit_head(X, np.arange(30), classes=30, penalty=0.001)
    assert head.fit.training_accuracy == pytest.approx(1)
    assert head.fit.training_accuracy <= 1
    assert head.weight.shape == (30, 8)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=40).filter(lambda x: len(set(x)) == 4))
def test_every_class_has_the_same_total_weight(labels):
    weights = class_weights(np.array(labels), 4)
    totals = [weights[np.array(labels) == c].sum() for c in range(4)]
    np.testing.assert_allclose(totals, 0.25, rtol=1e-12)
    for c in range(4):
        assert len(set(weights[np.array(labels) == c])) == 1


@pytest.mark.parametrize(("labels", "classes"), [([0, 0, 2], 3), ([0, 1], 3), ([0, 1, 3], 3)])
def test_refuses_a_class_without_images(labels, classes):
    with pytest.raises(SettingError, match="A class has no image"):
        class_weights(np.array(labels), classes)


@pytest.mark.parametrize("penalty", [0, -1, np.nan, np.inf])
def test_refuses_a_penalty_that_is_not_positive(penalty):
    with pytest.raises(SettingError, match="positive penalty"):
        fit_head(np.eye(4), np.array([0, 1, 0, 1]), classes=2, penalty=penalty)


def test_refuses_one_class():
    with pytest.raises(SettingError, match="at least 2 classes"):
        fit_head(np.eye(2), np.array([0, 0]), classes=1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_features_that_are_not_finite(value):
    X = np.eye(4)
    X[2, 1] = value
    with pytest.raises(SettingError, match="not finite"):
        fit_head(X, np.array([0, 1, 0, 1]), classes=2)


def test_logits_in_the_precision_of_the_network(tiny_probe):
    X, labels = data(3, 24, 40)
    head = fit_head(X, labels, classes=3)
    found = head.on(tiny_probe.backbone)(torch.from_numpy(X).float())
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found, X @ head.weight.T + head.bias, rtol=1e-4, atol=1e-4)


def test_the_features_are_left_as_they_are():
    X, labels = data(3, 40, 7)
    before = X.copy()
    fit_head(X, labels, classes=3)
    np.testing.assert_array_equal(X, before)


def test_many_images_take_little_more_memory_than_their_features_do():
    X, labels = data(3, 4000, 200)
    tracemalloc.start()
    fit_head(X, labels, classes=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # One copy, and a fifth for what has a row per image and a column a class.
    assert peak < 1.2 * X.nbytes
