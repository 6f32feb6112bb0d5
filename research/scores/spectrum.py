"""Features in their principal axes: at most as many axes as images."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# What is left of features that are constant, relative to themselves.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Spectrum:
    """``variances`` (r,) along the axes, r at most N - 1, and (N, r) ``coordinates``.

    Coordinates have mean 0 and variance 1. The features are the root of the variances times them,
    rotated and shifted.
    """

    variances: Array
    coordinates: Array

    @property
    def points(self) -> Array:
        """The (N, r) features, centred and rotated."""
        return np.asarray(self.coordinates * np.sqrt(self.variances))


def centred_spectrum(features: NDArray[np.floating]) -> Spectrum:
    """Return the principal axes of features (N, D); there is none where all images are equal."""
    X = np.asarray(features, dtype=np.float64)
    U, d, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    real = d > _ROUNDING * np.linalg.norm(X)
    return Spectrum(d[real] ** 2 / len(X), np.sqrt(len(X)) * U[:, real])


def class_means(values: Array, labels: NDArray[np.int64]) -> Array:
    """Return (N, r) the mean of ``values`` (N, r) over the images of each image's class."""
    _, own, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, own, values)
    return np.asarray((sums / counts[:, None])[own])
