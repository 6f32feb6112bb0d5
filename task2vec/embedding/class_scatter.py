"""The class scatter of a task's features: what `task2vec.distance.scatter` compares."""

import numpy as np
from numpy.typing import NDArray

from task2vec.probe.head import class_weights
from task2vec.types.scatter import MOST_DIRECTIONS, ClassScatter, Factor

Matrix = NDArray[np.float64]

# What rounding leaves of a scatter that is none, relative to the features themselves.
_ROUNDING = 1e-6


def class_scatter(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int
) -> ClassScatter | None:
    """Return the class scatter of features (N, D) with labels (N,) from 0 to ``classes`` - 1.

    Every class counts the same, however many images it has: see `class_weights`. None where there
    is no such thing: images may have several labels (N, C), the means of the classes are equal, or
    no class varies, as with one image each.
    """
    if labels.ndim != 1:
        return None
    weights = class_weights(labels, classes)
    size = np.linalg.norm(features) / np.sqrt(len(features))
    means = np.zeros((classes, features.shape[1]))
    within = np.zeros((0, features.shape[1]))
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        own = np.asarray(features[rows], dtype=np.float64)
        means[label] = own.mean(axis=0)
        left = np.sqrt(weights[rows])[:, None] * (own - means[label])
        # Of many images no more rows are held than there are features, nor all in double precision.
        within = _compact(np.concatenate([within, left]))
    between = _principal(means - means.mean(axis=0), size=size)
    inside = _principal(within, size=size)
    return None if between is None or inside is None else ClassScatter(between, inside)


def _compact(rows: Matrix) -> Matrix:
    """Return (at most 2 D, D) rows of the same scatter as (n, D) rows."""
    if len(rows) <= 2 * rows.shape[1]:
        return rows
    return np.asarray(np.linalg.qr(rows, mode="r"))


def _principal(rows: Matrix, *, size: float) -> Factor | None:
    """Return the first principal directions of (n, D) rows, of unit norm; None where all are 0.

    ``size`` is that of the features of an image.
    """
    if not np.linalg.norm(rows) > _ROUNDING * size:
        return None
    _, d, directions = np.linalg.svd(rows, full_matrices=False)
    kept = (d[:, None] * directions)[: min(MOST_DIRECTIONS, int((d > _ROUNDING * d[0]).sum()))]
    factor: Factor = (kept / np.linalg.norm(kept)).astype(np.float16)
    return factor
