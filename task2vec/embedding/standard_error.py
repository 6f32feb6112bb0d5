"""How far two repeats of an embedding would be apart."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.symmetric import symmetric_distance

#: Images are dealt to this many groups; 8 give 35 ways to halve them.
GROUPS = 8


def deal_groups(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (N,) group numbers: each class is dealt out in turn, so that every group is balanced.

    Fewer than `GROUPS` images give as many groups as images. Of images that may have several
    labels, (N, C), each counts to the rarest class that it has.
    """
    if labels.ndim == 2:
        has = labels == 1
        rarest = np.where(has, has.sum(axis=0), len(labels) + 1).argmin(axis=1)
        labels = np.where(has.any(axis=1), rarest, labels.shape[1])
    order = np.argsort(labels, kind="stable")
    groups = np.empty(len(labels), dtype=np.int64)
    groups[order] = np.arange(len(labels)) % GROUPS
    return groups


def expected_repeat_distance(replicates: NDArray[np.float64], prior_precision: float) -> float:
    """Return the expected symmetric distance between two repeats of an embedding.

    ``replicates`` (K, n) are estimates from disjoint groups of the images. Every split into two
    halves gives a distance between two embeddings of half the images; for small noise the
    distance grows with the noise's variance, that is with one over the number of images, so two
    embeddings of all images are half as far apart. The head is held: `head_noise` tells what
    refitting it adds. One group alone says nothing: nan.
    """
    count = len(replicates)
    if count < 2:
        return float("nan")
    half = count // 2
    total = replicates.sum(axis=0)
    distances = []
    for chosen in combinations(range(count), half):
        if 2 * half == count and 0 not in chosen:
            continue  # the same split seen from the other side
        part = replicates[list(chosen)].sum(axis=0)
        a = part / half + prior_precision
        b = (total - part) / (count - half) + prior_precision
        distances.append(float(symmetric_distance(a, b)))
    return float(np.mean(distances)) / 2
