"""The H-score: how much of the features' variance the classes explain, all directions alike."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf_shrinkage

from research.scores.names import TuningScoreName
from research.scores.seen import Seen
from research.scores.spectrum import centred_spectrum, class_means


class HScore:
    """The H-score (Bao et al., ICIP 2019, arXiv 2212.10082), with the pseudo-inverse.

    With fewer images than features it is C - 1 for any features in general position, for C classes:
    that is why it is shrunk.
    """

    name: ClassVar = TuningScoreName.H_SCORE

    def __call__(self, seen: Seen) -> float:
        """Return the score, from 0 to C - 1."""
        return h_score(seen.features, seen.labels, shrinkage=0.0)


class ShrunkHScore:
    """The H-score with a shrunk covariance (Ibrahim et al., arXiv 2110.06893)."""

    name: ClassVar = TuningScoreName.SHRUNK_H_SCORE

    def __call__(self, seen: Seen) -> float:
        """Return the score at the shrinkage of Ledoit and Wolf (2004), from 0 to C - 1."""
        features = np.asarray(seen.features, dtype=np.float64)
        largest = np.abs(features - features.mean(axis=0)).max()
        if largest <= np.finfo(np.float64).eps * np.abs(features).max():
            return 0.0
        shrinkage = float(ledoit_wolf_shrinkage((features - features.mean(axis=0)) / largest))
        return h_score(features, seen.labels, shrinkage=shrinkage)


def h_score(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, shrinkage: float
) -> float:
    """Return ``(1 - a) tr(S_a^-1 B)``, a the ``shrinkage`` from 0 to 1.

    ``features`` are (N, D) and ``labels`` (N,). S is the covariance of the features, B that of
    their class means, each image with the mean of its class, and ``S_a = (1 - a) S + a tr(S)/D I``;
    at 0 the inverse is the pseudo-inverse. Neither the scale, nor a shift, nor a rotation of the
    features matters.

    In the axes of ``S = V diag(s) V^T``, ``B = V sqrt(s) M sqrt(s) V^T``, and M has the mean
    squares of the class means of the axes' normalised coordinates on its diagonal.
    """
    spectrum = centred_spectrum(features)
    s = spectrum.variances
    explained = (class_means(spectrum.coordinates, labels) ** 2).mean(axis=0)
    shrunk = (1 - shrinkage) * s + shrinkage * s.sum() / features.shape[1]
    return float((1 - shrinkage) * (s / shrunk * explained).sum())
