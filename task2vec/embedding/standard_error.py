"""The groups of images that tell the noise of an embedding."""

import numpy as np
from numpy.typing import NDArray

from task2vec.distance import GROUPS


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
