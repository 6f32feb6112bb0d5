"""TransRate: how many more nats code the features than code them when their classes are known."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from research.scores.names import TuningScoreName
from research.scores.seen import Seen
from research.scores.spectrum import Array, centred_spectrum

#: The squared distortion that the code allows, of features of variance 1 in all.
DISTORTION = 1e-4


class TransRate:
    """The score of Huang et al. (ICML 2022, arXiv 2106.09362)."""

    name: ClassVar = TuningScoreName.TRANSRATE

    def __call__(self, seen: Seen) -> float:
        """Return the nats."""
        return transrate(seen.features, seen.labels)


def transrate(features: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return ``R(Z) - sum_c n_c/N R(Z_c)``, with ``R(Z) = 1/2 log det(I + Z^T Z / (n e))``.

    ``features`` are (N, D) and ``labels`` (N,). Z are the features, centred and of variance 1 in
    all, so that neither their scale nor a shift matters, nor a rotation. Z_c are the n_c rows of a
    class, which are not centred anew, and e is `DISTORTION`. The paper's listing gives every class
    the same weight, which is the same where classes are balanced.
    """
    spectrum = centred_spectrum(features)
    if not len(spectrum.variances):
        return 0.0
    Z = spectrum.points / np.sqrt(spectrum.variances.sum())
    within = sum(
        np.mean(labels == label) * _rate(Z[labels == label]) for label in np.unique(labels)
    )
    return float(_rate(Z) - within)


def _rate(Z: Array) -> float:
    d = np.linalg.svd(Z, compute_uv=False)
    return float(np.log1p(d**2 / (len(Z) * DISTORTION)).sum() / 2)
