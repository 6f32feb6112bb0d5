"""The nearest images: how often they show the class of an image that is left out."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from research.scores.names import ScoreName
from research.scores.seen import Seen
from task2vec.recommendation.measure.linear_probe import right
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy

#: The most neighbours that vote.
NEIGHBOURS = 3
# Images that are equally near but for rounding.
_ROUNDING = 1e-12


class NearestImages:
    """Leave-one-out accuracy of the nearest images by the cosine of features."""

    name: ClassVar = ScoreName.NEAREST_IMAGES

    def __call__(self, seen: Seen) -> float:
        """Return the share of right answers.

        Raises `SettingError` where fewer than two classes have two images.
        """
        return self.accuracy(seen).accuracy

    def accuracy(self, seen: Seen) -> ProbeAccuracy:
        """Return which images of `Seen.repeated` were recognised; raises as above."""
        usable = seen.repeated()
        k = neighbours(usable.labels)
        found = votes(usable.features, usable.labels, classes=usable.classes, k=k)
        return ProbeAccuracy(right(found, usable.labels))


def neighbours(labels: NDArray[np.int64]) -> int:
    """Return how many vote: `NEIGHBOURS`, or what the median class has left without an image."""
    counts = np.bincount(labels)
    return max(1, min(NEIGHBOURS, int(np.median(counts[counts > 0])) - 1))


def votes(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int, k: int
) -> NDArray[np.float64]:
    """Return (N, C) how many of the k images nearest to each show each class.

    ``features`` are (N, D). Among classes with equally many votes the sum of the cosines decides:
    its part is less than half a vote. All images as near as the k-th vote, so that their order does
    not matter. Features that are 0 have cosine 0 with all others.
    """
    X = np.asarray(features, dtype=np.float64)
    norms = np.linalg.norm(X, axis=1, keepdims=True)
    X = np.divide(X, norms, out=np.zeros_like(X), where=norms > 0)
    cosines = X @ X.T
    np.fill_diagonal(cosines, -np.inf)
    k = min(k, len(X) - 1)
    last = np.partition(cosines, -k, axis=1)[:, -k, None]
    near = cosines >= last - _ROUNDING
    voters = near.sum(axis=1, keepdims=True)
    weights = np.where(near, 1 + np.where(near, cosines, 0) / (2 * voters), 0)
    return np.asarray(weights @ np.eye(classes)[labels])
