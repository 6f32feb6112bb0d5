"""Whether images of one class have similar features, or similar gradients."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from research.scores.names import TuningScoreName
from research.scores.seen import Seen, gradients_of


class LabelFeatureCorrelation:
    """The label-feature correlation (Deshpande, Achille et al., arXiv 2102.00084)."""

    name: ClassVar = TuningScoreName.LABEL_FEATURE

    def __call__(self, seen: Seen) -> float:
        """Return the correlation with the inner products of features, from -1 to 1."""
        return label_correlation(seen.features, seen.labels)


class LabelGradientCorrelation:
    """The label-gradient correlation (Deshpande, Achille et al., arXiv 2102.00084)."""

    name: ClassVar = TuningScoreName.LABEL_GRADIENT

    def __call__(self, seen: Seen) -> float:
        """Return the correlation with the inner products of gradients, from -1 to 1.

        These are the entries of the neural tangent kernel. Raises `SettingError` where the
        gradients are not known.
        """
        return label_correlation(gradients_of(seen), seen.labels)


def label_correlation(vectors: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the correlation over pairs of images of ``x_i^T x_j`` and whether ``y_i = y_j``.

    ``vectors`` x are (N, P) and ``labels`` y (N,). All N^2 pairs count, each image with itself
    among them. Neither the vectors' scale nor their rotation matters. 0 where all pairs are alike.
    """
    X = np.asarray(vectors, dtype=np.float64)
    largest = np.abs(X).max()
    if largest == 0:
        return 0.0
    products = (X / largest) @ (X / largest).T
    same = (labels[:, None] == labels).astype(np.float64)
    size = float(np.abs(products).max())
    products, same = products - products.mean(), same - same.mean()
    norm = float(np.linalg.norm(products))
    if norm <= len(X) * 1e-12 * size or not same.any():
        return 0.0
    return float((products * same).sum() / norm / np.linalg.norm(same))
