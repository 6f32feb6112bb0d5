"""How well a linear classifier on a model's frozen features does, by cross-validation."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from task2vec.probe.head import fit_head
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.scores.ridge import leave_one_out

FOLDS = 5


def cross_validate(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int, seed: int = 0
) -> ProbeAccuracy | None:
    """Hold out each of up to 5 class-balanced folds in turn and classify it by a fitted head.

    ``features`` is (N, D). The folds depend on the labels and the seed alone, so that two models
    are compared on the same ones. The error is that of ridge regression on the same features.
    Classes of one image cannot be held out and are left aside; None when fewer than two classes
    remain.
    """
    counts = np.bincount(labels, minlength=classes)
    kept = np.flatnonzero(counts[labels] >= 2)
    usable = np.unique(labels[kept])
    if len(usable) < 2:
        return None
    X, y = features[kept], np.searchsorted(usable, labels[kept])
    folds = min(FOLDS, int(np.bincount(y).min()))
    correct = np.zeros(len(y), dtype=np.bool_)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, held in splitter.split(X, y):
        head = fit_head(X[train], y[train], classes=len(usable))
        logits = X[held] @ head.weight.T + head.bias
        correct[held] = logits.argmax(axis=1) == y[held]
    varies = np.isfinite(X).all() and (X[0] != X).any()
    error = leave_one_out(X, y, classes=len(usable)).error if varies else 1.0
    return ProbeAccuracy(correct, error)
