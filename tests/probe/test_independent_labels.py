"""Heads of several labels per image against a plain minimisation of the objective as written."""

import numpy as np
import pytest
from scipy.optimize import minimize

from task2vec.errors import SettingError
from task2vec.probe import solver
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.independent_labels import label_weights

PENALTY = 0.02


def data(images=40, features=6, classes=3, seed=0):
    """Return features of a large mean, and labels of which the first are rare, some missing."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(features, classes))
    X = rng.normal(size=(images, features)) * rng.uniform(0.5, 2, features)
    scores = X @ directions + rng.normal(size=(images, classes))
    labels = (scores > np.linspace(2.5, 0, classes) * scores.std(axis=0) / 2).astype(np.int64)
    labels[rng.random((images, classes)) < 0.2] = -1
    labels[:2] = [[1] * classes, [0] * classes]
    return X + 5, labels


def objective(flat, X, labels, penalty):
    """The loss of the docstring, label by label, those that are missing passed over."""
    classes = labels.shape[1]
    W, b = flat[: classes * X.shape[1]].reshape(classes, -1), flat[classes * X.shape[1] :]
    loss, dW, db = penalty / 2 * (W**2).sum(), penalty * W, np.zeros(classes)
    for c in range(classes):
        for i, label in enumerate(labels[:, c]):
            if label == -1:
                continue
            share = 0.5 / sum(int(other == label) for other in labels[:, c])
            p = 1 / (1 + np.exp(-(W[c] @ X[i] + b[c])))
            loss -= share * np.log(p if label else 1 - p)
            dW[c] += share * (p - label) * X[i]
            db[c] += share * (p - label)
    return loss, np.concatenate([dW.ravel(), db])


@pytest.mark.parametrize(("images", "features"), [(40, 6), (16, 30)])
def test_finds_the_minimum(images, features):
    X, labels = data(images, features)
    head = fit_head(X, labels, classes=3, penalty=PENALTY)
    best = minimize(
        objective,
        np.zeros(3 * (features + 1)),
        args=(X, labels, PENALTY),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-9, "maxiter": 10_000},
    )
    assert np.abs(best.jac).max() < 1e-6
    loss, gradient = objective(np.concatenate([head.weight.ravel(), head.bias]), X, labels, PENALTY)
    assert loss == pytest.approx(best.fun, rel=1e-9)
    assert np.abs(gradient).max() < 2e-5
    W = best.x[: 3 * features].reshape(3, features)
    np.testing.assert_allclose(head.weight, W, atol=2e-4 * np.abs(W).max())
    np.testing.assert_allclose(X @ head.weight.T + head.bias, X @ W.T + best.x[-3:], atol=1e-3)
    assert head.fit.converged


def test_reports_how_the_fit_ended():
    X, labels = data(seed=2)
    head = fit_head(X, labels, classes=3, penalty=PENALTY)
    p = 1 / (1 + np.exp(-(X @ head.weight.T + head.bias)))
    losses, right = [], []
    for c in range(3):
        present, absent = p[labels[:, c] == 1, c], p[labels[:, c] == 0, c]
        losses.append(-(np.log(present).mean() + np.log(1 - absent).mean()) / 2)
        right.append(((present > 0.5).mean() + (absent < 0.5).mean()) / 2)
    assert head.fit.loss == pytest.approx(sum(losses))
    assert head.fit.training_accuracy == pytest.approx(np.mean(right))
    assert 0.5 < head.fit.training_accuracy < 1


def test_says_when_it_did_not_converge(monkeypatch):
    monkeypatch.setattr(solver, "_ITERATIONS", 1)
    fit = fit_head(*data(), classes=3, penalty=PENALTY).fit
    assert not fit.converged
    assert fit.gradient_norm > 1e-4


def test_rare_labels_count_as_much_as_frequent_ones():
    _, labels = data(seed=3)
    weights = label_weights(labels)
    for c in range(3):
        assert weights[labels[:, c] == 1, c].sum() == pytest.approx(0.5)
        assert weights[labels[:, c] == 0, c].sum() == pytest.approx(0.5)
    assert (weights[labels == -1] == 0).all()


def test_images_of_several_labels_count_the_same():
    _, labels = data(images=5)
    assert class_weights(labels, 3).tolist() == [0.2] * 5


def test_a_class_of_which_only_one_side_is_there_keeps_its_share():
    weights = label_weights(np.array([[1, 0], [1, 1], [-1, 0]]))
    np.testing.assert_allclose(weights, [[0.25, 0.25], [0.25, 0.5], [0, 0.25]])


@pytest.mark.parametrize("value", [0, 1])
def test_refuses_a_class_that_tells_nothing_apart(value):
    X, labels = data()
    labels[:, 1] = np.where(labels[:, 1] == -1, -1, value)
    with pytest.raises(SettingError, match="tells no images apart"):
        fit_head(X, labels, classes=3)
