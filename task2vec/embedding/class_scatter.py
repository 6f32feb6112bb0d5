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
    weights = class_weights(labels, classes)[:, None]
    X = np.asarray(features, dtype=np.float64)
    size = float(np.linalg.norm(X)) / np.sqrt(len(X))
    means = np.zeros((classes, X.shape[1]))
    np.add.at(means, labels, classes * weights * X)
    left = X - means[labels]
    left *= np.sqrt(weights)
    between = _principal(means - means.mean(axis=0), size=size)
    within = _principal(left, size=size)
    return None if between is None or within is None else ClassScatter(between, within)


def _principal(rows: Matrix, *, size: float) -> Factor | None:
    """Return the first principal directions of (n, D) rows, of unit norm; None where all are 0.

    ``size`` is that of the features of an image.
    """
    if not np.linalg.norm(rows) > _ROUNDING * size:
        return None
    # By the smaller Gram matrix: a decomposition of the rows themselves takes many times as long.
    wide = rows.shape[0] <= rows.shape[1]
    squares, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    rank = int((squares > _ROUNDING**2 * squares[-1]).sum())
    first = slice(-1, -1 - min(MOST_DIRECTIONS, rank), -1)
    directions = vectors[:, first].T
    kept = directions @ rows if wide else np.sqrt(squares[first])[:, None] * directions
    factor: Factor = (kept / np.linalg.norm(kept)).astype(np.float16)
    return factor
