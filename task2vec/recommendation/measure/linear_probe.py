"""How well a linear classifier on a model's frozen features does, by cross-validation."""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from task2vec.probe.head import fit_head
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.recommendation.measure.ridge import leave_one_out

FOLDS = 5


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
