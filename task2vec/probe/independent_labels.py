"""The head of a task whose images may have several labels: a logistic regression for each."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from task2vec.data.multilabel import MISSING, distinguishing
from task2vec.errors import SettingError
from task2vec.probe.solver import TOLERANCE, Matrix, fitted
from task2vec.types import HeadFit


def label_weights(labels: NDArray[np.int64]) -> Matrix:
    """Return (N, C) weights of the labels (N, C): those that have a class and those that lack it.

    As `head.class_weights` gives every class the same total, ``w_ic = 1 / (2 n_c(y_ic))`` gives the
    images that have class c, ``n_c(1)`` of them, the same total 1/2 as those that lack it. Each
    class counts 1, whether many images have it or few; a missing label has weight 0, and what is
    known of its class counts the more.
    """
    weights = np.zeros(labels.shape)
    for value in (0, 1):
        having = labels == value
        weights += having / (2 * np.maximum(having.sum(axis=0), 1))
    return weights


def fit_independent_labels(
    features: Matrix, labels: NDArray[np.int64], *, penalty: float
) -> tuple[Matrix, Matrix, HeadFit]:
    """Fit C logistic regressions with an L2 penalty; return W (C, D), b (C,), and how it ended.

    With z_ic = w_c f_i + b_c and s = 1 for a present label, -1 for an absent one, each minimises
    ``sum_i w_ic log(1 + exp(-s_ic z_ic)) + penalty/2 |w_c|^2`` over the images whose label is
    known, with `label_weights`. Together that is the loss of independent labels,
    ``-sum_c log p(y_ic | f_i)``, so that ``fit.loss`` is their sum; ``training_accuracy`` is the
    mean over classes and, within them, of those that have it and those that lack it.

    Raises `SettingError` for a class that no image has, or that every image has.
    """
    if not distinguishing(labels).all():
        raise SettingError(
            "A class tells no images apart",
            expected="for each class an image that has it, and one that lacks it",
        )
    weights = label_weights(labels)
    W, b = np.empty((labels.shape[1], features.shape[1])), np.empty(labels.shape[1])
    iterations = 0
    for column in range(labels.shape[1]):
        known = labels[:, column] != MISSING
        solver = fitted(
            features[known],
            labels[known, column],
            weights[known, column],
            C=1 / penalty,
            method="lbfgs",
        )
        W[column], b[column] = solver.coef_[0], solver.intercept_[0]
        iterations = max(iterations, int(solver.n_iter_[0]))
    signs = np.where(labels == 1, 1.0, -1.0)
    margins = signs * (features @ W.T + b)
    # The derivative of log(1 + exp(-m)) is -1 / (1 + exp(m)).
    residual = -weights * signs * expit(-margins)
    gradient = max(
        np.abs(residual.T @ features + penalty * W).max(), np.abs(residual.sum(axis=0)).max()
    )
    fit = HeadFit(
        converged=bool(gradient <= TOLERANCE),
        iterations=iterations,
        gradient_norm=float(gradient),
        loss=float((weights * np.logaddexp(0, -margins)).sum()),
        training_accuracy=min(1.0, float((weights * (margins > 0)).sum(axis=0).mean())),
    )
    return W, b, fit
