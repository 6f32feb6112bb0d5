"""SFDA: Fisher's discriminant analysis, judged on images that were made harder to tell."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from research.scores.names import TuningScoreName
from research.scores.seen import Seen
from research.scores.spectrum import Array, centred_spectrum

#: How fast the shrinkage falls with the spread within classes, and the least that it is.
DECAY, LEAST = 5.0, 1e-10


class Sfda:
    """Self-challenging Fisher discriminant analysis (Shao et al., ECCV 2022, arXiv 2207.03036)."""

    name: ClassVar = TuningScoreName.SFDA

    def __call__(self, seen: Seen) -> float:
        """Return the mean log-likelihood of the labels, in nats per image, at most 0."""
        return sfda(seen.features, seen.labels)


def sfda(features: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return ``1/N sum_i log p(y_i | x'_i)``, p the discriminant analysis of the harder images x'.

    ``features`` x are (N, D) and ``labels`` y (N,). ``x' = q x + (1 - q) m``: m is the mean of the
    other classes' means, and q the probability of the image's own class among the softened ones,
    the softmax of the probabilities that the analysis of x gives. The shrinkage of that analysis,
    ``exp(-5 s)`` with s the largest eigenvalue of the scatter within classes, serves both.

    A rotation or a shift of the features does not matter; their scale does, by s. Where there is
    one class only, the likelihood is 1.
    """
    present, own = np.unique(labels, return_inverse=True)
    if len(present) == 1:
        return 0.0
    # All that is computed depends on inner products of the features, but for D in the mean of the
    # eigenvalues: the axes without variance add nothing.
    X, width = centred_spectrum(features).points, features.shape[1]
    shrinkage = shrinkage_of(X, own)
    soft = softmax(np.exp(log_posteriors(X, own, width=width, shrinkage=shrinkage)), axis=1)
    q = soft[np.arange(len(own)), own][:, None]
    means = _means(X, own)
    others = (means.sum(axis=0) - means) / (len(means) - 1)
    harder = q * X + (1 - q) * others[own]
    logs = log_posteriors(harder, own, width=width, shrinkage=shrinkage)
    return float(logs[np.arange(len(own)), own].mean())


def shrinkage_of(X: Array, own: NDArray[np.intp]) -> float:
    """Return how much of the scatter within the classes of X (N, r) is replaced by its mean."""
    d = np.linalg.svd(X - _means(X, own)[own], compute_uv=False)
    largest = float(d[0] ** 2) / len(X) if d.size else 0.0
    return max(float(np.exp(-DECAY * largest)), LEAST)


def log_posteriors(
    X: Array, own: NDArray[np.intp], *, width: int, shrinkage: float
) -> NDArray[np.float64]:
    """Return (N, C) the log-probabilities of the classes by linear discriminant analysis.

    X are (N, r) and ``own`` (N,) their classes from 0 to C - 1, of which none is absent. The
    classes are Gaussians with the priors of X and one covariance: the scatter W within classes,
    shrunk to ``(1 - a) W + a tr(W)/D I``, D the ``width``.
    """
    means, shares = _means(X, own), np.bincount(own) / len(own)
    inside = X - means[own]
    W = inside.T @ inside / len(X)
    # Images of one class that are all equal leave nothing to divide by.
    level = max(np.trace(W), np.finfo(np.float64).eps * float((X**2).sum()) / len(X)) / width
    if level <= 0:
        return np.tile(np.log(shares), (len(X), 1))
    shrunk = (1 - shrinkage) * W + shrinkage * level * np.eye(X.shape[1])
    eigenvalues, axes = np.linalg.eigh(shrunk)
    # What is below the shrinkage is rounding.
    scale = 1 / np.sqrt(np.maximum(eigenvalues, shrinkage * level))
    white, centres = X @ axes * scale, means @ axes * scale
    logits = white @ centres.T - (centres**2).sum(axis=1) / 2 + np.log(shares)
    return np.asarray(log_softmax(logits, axis=1))


def _means(X: Array, own: NDArray[np.intp]) -> Array:
    sums = np.zeros((int(own.max()) + 1, X.shape[1]))
    np.add.at(sums, own, X)
    return np.asarray(sums / np.bincount(own)[:, None])
