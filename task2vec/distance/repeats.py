"""How far two repeats of an embedding would be apart: for their images, and for their heads.

Each filter's information is held by few images, so that the noise falls slower with their number
than 1/n: like n^-0.44 on real tasks (docs/adr/0037-refitted-heads.md).
"""

from dataclasses import dataclass
from itertools import combinations
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.noise_correction import GROUPS, HALVES, QUARTERS
from task2vec.distance.operands import Array, with_prior
from task2vec.distance.symmetric import symmetric_distance
from task2vec.types import TaskEmbedding

#: How fast the noise falls with the images, where there are too few to tell: see the ADR.
FALL = 0.44


@dataclass(frozen=True)
class ImageNoise:
    """The expected ``distance`` of two repeats with one head; it falls like ``n^-fall``."""

    distance: float
    fall: float

    def and_head(self, distance: float) -> float:
        """Return the expected distance of two repeats whose heads alone are at a distance.

        The variances of independent kinds of noise add, and distances go like their power
        ``fall``.
        """
        parts = np.array([self.distance, distance])
        return float(np.sum(parts ** (1 / self.fall)) ** self.fall)


def image_noise(replicates: NDArray[np.floating], prior_precision: float) -> ImageNoise:
    """Return how far two repeats with one head would be apart.

    ``replicates`` (K, n) are estimates from disjoint groups of the images. Their halves are two
    embeddings of half of the images each. With ``d(m)`` the distance of embeddings of m groups,
    ``d(K) = d(K/2) 2^-f``; of eight groups the quarters give ``2^f = d(K/4) / d(K/2)``, f within
    a quarter and 1. One group alone gives nan.
    """
    halves, fall = _halves_apart(replicates, prior_precision), FALL
    if len(replicates) == GROUPS and halves > 0:
        quarters = _apart(QUARTERS @ replicates, prior_precision)
        fall = float(np.clip(np.log2(quarters / halves), 0.25, 1.0))
    return ImageNoise(halves / 2**fall, fall)


def head_distance(task: TaskEmbedding) -> float:
    """Return the expected distance that refitted heads put between two repeats of an embedding.

    Embeddings of earlier versions recorded one number, half of the distance between halves plus
    this one: it is taken apart again. 0 where the standard error is not known.
    """
    recorded = task.provenance.head_error
    if recorded is None:
        groups = task.values * task.replicates.astype(np.float64)
        halves = _halves_apart(groups, task.space.prior_precision)
        recorded = max(0.0, task.provenance.standard_error - halves / 2)
    return recorded if isfinite(recorded) else 0.0


def _halves_apart(replicates: NDArray[np.floating], prior_precision: float) -> float:
    """Return the mean distance between two halves of the groups; nan for one group."""
    count = len(replicates)
    if count < 2:
        return float("nan")
    if count == GROUPS:
        return _eighths_halved(replicates, prior_precision)
    half = count // 2
    total = replicates.sum(axis=0)
    distances = []
    for chosen in combinations(range(count), half):
        part = replicates[list(chosen)].sum(axis=0)
        pair = with_prior(np.stack([part / half, (total - part) / (count - half)]), prior_precision)
        distances.append(symmetric_distance(*pair))
    return float(np.mean(distances))


def _eighths_halved(replicates: NDArray[np.floating], prior_precision: float) -> float:
    """Return the mean distance between the halves of eight groups (8, n), from q and t.

    All divisions share the sum of their two halves, so that z of
    `task2vec.distance.noise_correction` takes one division per element: earlier embeddings are
    asked for this by each search.
    """
    total = 2 * (replicates.mean(axis=0) + prior_precision)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = (HALVES[:, 0] - HALVES[:, 1]) @ replicates / total
    q, t = np.einsum("ij,ij->i", z, z) / z.shape[1], z.mean(axis=1)
    distances = 1 - (1 - q) / np.sqrt(np.square(1 + q) - 4 * np.square(t))
    return float(np.maximum(distances, 0.0).mean())


def _apart(parts: NDArray[np.floating], prior_precision: float) -> float:
    """Return the mean distance (S, P, n) between the P parts of each of S divisions."""
    with_it: Array = with_prior(parts, prior_precision)
    pairs = combinations(range(parts.shape[1]), 2)
    return float(np.mean([symmetric_distance(with_it[:, i], with_it[:, j]) for i, j in pairs]))
