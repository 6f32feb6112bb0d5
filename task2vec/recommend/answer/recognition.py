"""Which images of each class are recognised when they are left out."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from task2vec.recommend.measure.ridge import leave_one_out, right
from task2vec.types.details import ClassRecognition


def recognise(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int
) -> tuple[ClassRecognition, ...] | None:
    """Return how many images of each class a ridge regression on all others recognises.

    ``features`` are (N, D), ``labels`` (N,). An image alone in its class cannot be left out: such a
    class has no images. None where fewer than two classes remain. See `leave_one_out`.
    """
    counts = np.bincount(labels, minlength=classes)
    usable = np.flatnonzero(counts >= 2)
    if len(usable) < 2:
        return None
    kept = np.isin(labels, usable)
    y = np.searchsorted(usable, labels[kept])
    X = features[kept]
    if np.isfinite(X).all() and (X[0] != X).any():
        found = leave_one_out(X, y, classes=len(usable)).deviations
    else:
        # Features that are all alike tell no class from another.
        found = np.zeros((len(y), len(usable)))
    recognised = right(found, y)
    others = found.copy()
    others[np.arange(len(y)), y] = -np.inf
    taken = usable[others.argmax(axis=1)]
    told = [ClassRecognition(0, 0, {}) for _ in range(classes)]
    for place, number in enumerate(usable.tolist()):
        mine = y == place
        wrong = Counter(taken[mine & ~recognised].tolist())
        told[number] = ClassRecognition(
            images=int(mine.sum()),
            correct=int(recognised[mine].sum()),
            taken_for=dict(sorted(wrong.items(), key=lambda each: (-each[1], each[0]))),
        )
    return tuple(told)
