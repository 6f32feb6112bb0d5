"""How well a linear classifier on a model's frozen features does on images that it did not learn.

Folds are held out in turn from the convex head; and, in closed form, each image from ridge
regression to the classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from task2vec.probe.head import class_weights, fit_head
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy

FOLDS = 5
#: Penalties to choose from, relative to the variance of the features, the greatest first.
PENALTIES = tuple(float(penalty) for penalty in np.logspace(1, -6, 15))
# What centring leaves of features that are constant, relative to themselves.
_ROUNDING = 1e-12
# Rounding is far below, and so is no difference between classes that would mean anything.
_MARGIN = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What is said of each image by the regression on all the others.

    ``departures`` (N, C) are the predictions less what they would be without features, the weighted
    shares of the classes among the others: there the own class lacks an image, so predictions
    themselves are biased against the right answer, the more so the fewer images a class has.
    ``shares`` (N, C) are those. ``error`` is the squared error relative to that without features,
    of predictions at ``penalty``.
    """

    departures: Array
    shares: Array
    error: float
    penalty: float

    @property
    def deviations(self) -> Array:
        """(N, C) departures by what they are without any signal.

        A departure adds up what the images of a class say, so its noise grows with the root of
        their share. Of two images one is left: departures as they are then speak against it.
        """
        return np.asarray(self.departures / np.sqrt(self.shares))


def leave_one_out(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int
) -> LeftOut:
    """Regress one-hot classes on the features (N, D), once without each image.

    Minimises ``sum_j w_j |y_j - b - W x_j|^2 + penalty v |W|^2`` over all j but the one left out,
    with `class_weights` of all images for w, their weighted variance v (its sum over the features),
    and no penalty on b. The penalty is that of `PENALTIES` with the least weighted squared error of
    the images left out: one number for all classes, chosen by a smooth error.

    Every class needs two images or more. Neither scale, shift nor rotation of the features matters.
    """
    w = class_weights(labels, classes)[:, None]
    X = np.asarray(features, dtype=np.float64)
    Y = np.eye(classes)[labels]
    share = w.T @ Y
    # The left singular vectors of the weighted, centred features are orthogonal to sqrt(w), the
    # direction of the bias, so the hat matrix is sqrt(w) sqrt(w)^T + U diag(shrink) U^T.
    U, d, _ = np.linalg.svd(np.sqrt(w) * (X - w.T @ X), full_matrices=False)
    real = d > _ROUNDING * np.linalg.norm(np.sqrt(w) * X)
    U, s = U[:, real], (d[real] / d[0]) ** 2
    B = np.sqrt(w) * (Y - share)
    T = U.T @ B
    without = (Y - share) / (1 - w)
    best = LeftOut(np.zeros_like(Y), Y - without, np.inf, np.nan)
    for penalty in PENALTIES:
        shrink = s / (s + penalty * s.sum())
        # Leaving an image out divides its residual by 1 - its leverage: w e^2 is the squared error.
        leverage = w + (U**2 @ shrink)[:, None]
        e = (B - U @ (shrink[:, None] * T)) / (1 - leverage) / np.sqrt(w)
        error = float((w * e**2).sum() / (w * without**2).sum())
        if error < best.error:
            best = LeftOut(without - e, Y - without, error, penalty)
    return best


def right(found: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return (N,) whether ``found`` (N, C) is largest at the image's own class.

    What is equal but for rounding counts as wrong: then neither the order of the classes nor that
    of the images decides, and features that tell nothing get nothing.
    """
    rows = np.arange(len(labels))
    others = found.copy()
    others[rows, labels] = -np.inf
    return np.asarray(found[rows, labels] > others.max(axis=1) + _MARGIN)


def cross_validate(
    features: NDArray[np.floating],
    labels: NDArray[np.int64],
    *,
    classes: int,
    seed: int = 0,
    groups: NDArray[np.intp] | None = None,
) -> ProbeAccuracy | None:
    """Hold out each of up to 5 class-balanced folds in turn and classify it by a fitted head.

    ``features`` is (N, D). Images of one of the ``groups`` (N,), which have one label, are held out
    together: near copies in training would tell the answer. Without ``groups`` each image is one.
    The folds depend on the labels, groups and seed alone, so that two models are compared on the
    same ones. The error is that of ridge regression on the features of one image per group.

    Classes of one group cannot be held out and are left aside; None when fewer than two classes
    remain.
    """
    _, first, group = np.unique(
        np.arange(len(labels)) if groups is None else groups, return_index=True, return_inverse=True
    )
    counts = np.bincount(labels[first], minlength=classes)
    kept = np.flatnonzero(counts[labels] >= 2)
    usable = np.unique(labels[kept])
    if len(usable) < 2:
        return None
    X, y = features[kept], np.searchsorted(usable, labels[kept])
    _, first, group = np.unique(group[kept], return_index=True, return_inverse=True)
    folds = min(FOLDS, int(np.bincount(y[first]).min()))
    correct = np.zeros(len(y), dtype=np.bool_)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for _, held_groups in splitter.split(first, y[first]):
        held = np.isin(group, held_groups)
        head = fit_head(X[~held], y[~held], classes=len(usable))
        logits = X[held] @ head.weight.T + head.bias
        correct[held] = logits.argmax(axis=1) == y[held]
    X, y = X[first], y[first]
    varies = np.isfinite(X).all() and (X[0] != X).any()
    error = leave_one_out(X, y, classes=len(usable)).error if varies else 1.0
    return ProbeAccuracy(correct, error)
