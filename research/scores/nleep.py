"""NLEEP: LEEP with clusters of the features in place of the classes of the model's own training."""

import warnings
from typing import ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from research.scores.leep import leep
from research.scores.names import TuningScoreName
from research.scores.seen import Seen
from research.scores.spectrum import Array, centred_spectrum

#: The share of the variance that the principal axes keep, and the clusters of a class.
KEPT, CLUSTERS = 0.8, 5


class Nleep:
    """The score of Li et al. (CVPR 2021, arXiv 2011.11200).

    The paper has five Gaussians a class, here no more than half as many as images: with five
    images of a class each would have a Gaussian of its own, and every model the best score.
    """

    name: ClassVar = TuningScoreName.NLEEP

    def __call__(self, seen: Seen) -> float:
        """Return the mean log-likelihood of the labels, in nats per image, at most 0."""
        return leep(clusters(seen), seen.labels, classes=seen.classes)


def clusters(seen: Seen) -> Array:
    """Return (N, K) the probabilities of the clusters of each image.

    A mixture of Gaussians with a covariance each, fitted by expectation-maximisation from the seed
    of ``seen``, in the first principal axes that have `KEPT` of the variance. The features' scale
    does not matter: they are divided by the root of their variance.
    """
    images = len(seen.labels)
    count = max(1, min(CLUSTERS * len(np.unique(seen.labels)), images // 2))
    spectrum = centred_spectrum(seen.features)
    if count == 1 or not len(spectrum.variances):
        return np.ones((images, 1))
    shares = np.cumsum(spectrum.variances) / spectrum.variances.sum()
    axes = int(np.searchsorted(shares, KEPT)) + 1
    # Which clusters are found may turn on the last digit, and that on the scale.
    points = np.round(spectrum.points[:, :axes] / np.sqrt(spectrum.variances.sum()), 9)
    mixture = GaussianMixture(count, random_state=seen.seed)
    with warnings.catch_warnings():
        # Fewer different images than clusters: some clusters are equal, which does no harm.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: Array = mixture.fit(points).predict_proba(points)
    return found
