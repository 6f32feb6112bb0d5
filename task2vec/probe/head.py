"""The head: a linear classifier on the probe's features, fitted anew to each task."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax
from torch import Tensor, nn
from torch.nn import functional

from task2vec.errors import SettingError
from task2vec.probe.independent_labels import fit_independent_labels
from task2vec.probe.solver import DEFAULT_PENALTY, TOLERANCE, Matrix, fitted
from task2vec.types import HeadFit


@dataclass(frozen=True, eq=False)
class Head:
    """Logits ``W f + b``: ``weight`` (C, D), ``bias`` (C,), and how the fit ended."""

    weight: Matrix
    bias: Matrix
    fit: HeadFit

    def on(self, network: nn.Module) -> Callable[[Tensor], Tensor]:
        """Return the map from (N, D) features to logits, in a network's precision and place."""
        like = next(network.parameters())
        weight, bias = (torch.from_numpy(part).to(like) for part in (self.weight, self.bias))
        return lambda features: functional.linear(features, weight, bias)


def class_weights(labels: NDArray[np.int64], classes: int) -> Matrix:
    """Return (N,) weights that sum to 1 and give every class the same total.

    A task is its classes, not the sizes of its folders: a class with few images counts as much as
    one with many, in the head's loss and in the Fisher information alike. Where an image may have
    several labels, (N, C), images have equal weights: `label_weights` tells those of their labels.

    Raises `SettingError` for a class without an image.
    """
    if labels.ndim == 2:
        return np.full(len(labels), 1 / len(labels))
    counts = np.bincount(labels, minlength=classes)
    if counts.size != classes or (counts == 0).any():
        raise SettingError(
            "A class has no image", expected=f"labels from 0 to {classes - 1}, each at least once"
        )
    weights: Matrix = 1.0 / (classes * counts[labels])
    return weights


def fit_head(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    classes: int,
    penalty: float = DEFAULT_PENALTY,
) -> Head:
    """Fit multinomial logistic regression with an L2 penalty: convex, so there is one answer.

    Minimises ``sum_i w_i (-log p(y_i | f_i)) + penalty/2 |W|^2`` in float64, with
    `class_weights` for w and no penalty on the bias. ``features`` is (N, D), ``labels`` (N,).
    ``fit.converged`` says whether the gradient came down to 1e-6. Labels (N, C) are those of images
    that may have several: see `fit_independent_labels`.

    Raises `SettingError` for fewer than two classes, a penalty that is not positive, or features
    that are not finite.
    """
    if classes < 2 or not 0 < penalty < np.inf:
        raise SettingError(
            "The head cannot be fitted",
            expected="at least 2 classes and a positive penalty",
            got=f"{classes} and {penalty}",
        )
    weights = class_weights(labels, classes)
    # A copy, which is worked on in place: at 10,000 images each further one takes 100 MB.
    X = np.array(features, dtype=np.float64)
    if not np.isfinite(X).all():
        raise SettingError(
            "The probe's features of these images are not finite",
            remedy="Check the probe's weights, or use another probe.",
        )
    # The bias is free, so shifting the features changes nothing but its value; the penalty does not
    # change under rotation and W lies in the span of the images, so N coordinates hold what D did.
    centre = weights @ X
    X -= centre
    Z, basis = _rotate(X)
    if labels.ndim == 2:
        W, b, fit = fit_independent_labels(Z, labels, penalty=penalty)
        W = W @ basis
        return Head(W, b - W @ centre, fit)
    # The weights have made a mean of the sum of losses. With two classes one logit z is fitted with
    # |w|^2/2, where (-z/2, z/2) has half of that penalty.
    C = (2 if classes == 2 else 1) / penalty
    # With many classes Newton steps take less time than L-BFGS; with one logit they take more.
    method = "lbfgs" if classes == 2 else "newton-cg"
    solver = fitted(Z, labels, weights, C=C, method=method)
    W, b = solver.coef_, solver.intercept_
    if classes == 2:
        W, b = np.concatenate([-W, W]) / 2, np.concatenate([-b, b]) / 2
    fit = _judge(Z, labels, weights, W=W, b=b, penalty=penalty, iterations=int(solver.n_iter_[0]))
    W = W @ basis
    return Head(W, b - W @ centre, fit)


def _rotate(X: Matrix) -> tuple[Matrix, Matrix]:
    """Return coordinates Z (N, r) and an orthonormal basis (r, D) with ``X = Z basis``."""
    if X.shape[0] >= X.shape[1]:
        return X, np.eye(X.shape[1])
    Q, R = np.linalg.qr(X.T)
    return R.T, Q.T


def _judge(
    X: Matrix,
    labels: NDArray[np.int64],
    weights: Matrix,
    *,
    W: Matrix,
    b: Matrix,
    penalty: float,
    iterations: int,
) -> HeadFit:
    log_p = log_softmax(X @ W.T + b, axis=1)
    loss = -float(weights @ log_p[np.arange(len(labels)), labels])
    right = log_p.argmax(axis=1) == labels
    residual = np.exp(log_p, out=log_p)
    residual[np.arange(len(labels)), labels] -= 1
    residual *= weights[:, None]
    gradient = max(np.abs(residual.T @ X + penalty * W).max(), np.abs(residual.sum(axis=0)).max())
    return HeadFit(
        converged=bool(gradient <= TOLERANCE),
        iterations=iterations,
        gradient_norm=float(gradient),
        loss=loss,
        # Weights add up to 1 but for rounding.
        training_accuracy=min(1.0, float(weights @ right)),
    )
