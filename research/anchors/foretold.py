"""Features of experts foretold from the default's: a forward pass without a pass.

What fine-tuning changed in an expert's features is regressed on the default's features of the
anchors. Of a target's images the default's features are at hand; the changes that follow are added
to them, and what comes of it is scored as if the expert had been run.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from research.anchors.likeness import DIRECTIONS
from research.scores.seen import Seen
from research.transfer.features import Features
from task2vec.errors import SettingError
from task2vec.recommendation.evidence.world import Indices, Matrix
from task2vec.recommendation.measure.linear_probe import leave_one_out

#: Ridge penalties to choose from, relative to the mean squared length of the anchors' features.
PENALTIES = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)


@dataclass(frozen=True, eq=False)
class Regression:
    """Ridge regression from the default's features of N anchors (N, D), centred."""

    anchors: Matrix
    mean: Matrix
    inverse: Matrix

    @classmethod
    def on(cls, anchors: Features, *, penalty: float) -> "Regression":
        """Prepare a regression at a penalty of `PENALTIES`."""
        mean = anchors.mean(axis=0, dtype=np.float64)
        centred = anchors - mean
        products = centred @ centred.T
        products[np.diag_indices_from(products)] += penalty * np.trace(products) / len(products)
        return cls(centred, mean, np.linalg.inv(products))

    def weights(self, features: Features) -> Matrix:
        """Return (n, N): how the anchors' values count for n images with such features (n, D)."""
        return np.asarray((features - self.mean) @ self.anchors.T @ self.inverse)


@dataclass(frozen=True, eq=False)
class Changes:
    """What training changed in the features of the anchors: their mean, and (N, D) around it."""

    mean: Matrix
    around: Matrix

    @classmethod
    def between(
        cls, default: Features, expert: Features, *, directions: int = DIRECTIONS
    ) -> "Changes":
        """Return the changes (N, D) in their largest principal directions; 64 are what is kept."""
        changes = expert.astype(np.float64) - default
        mean = changes.mean(axis=0)
        centred = changes - mean
        _, vectors = np.linalg.eigh(centred @ centred.T)
        kept = vectors[:, -directions:]
        return cls(mean, kept @ (kept.T @ centred))

    def foretold(self, features: Features, weights: Matrix) -> Features:
        """Return the features (n, D) that the expert would have, from the default's (n, D)."""
        found: Features = (features + self.mean + weights @ self.around).astype(np.float32)
        return found


def explained(
    features: Mapping[str, Features], *, default: str, groups: Matrix, penalty: float
) -> float:
    """Return the share of the changes' squares that is foretold, each group of anchors left out.

    1 is all, and 0 what no change at all would foretell. ``groups`` is (N,).
    """
    base = features[default]
    missed = total = 0.0
    for group in np.unique(groups):
        held = groups == group
        weights = Regression.on(base[~held], penalty=penalty).weights(base[held])
        for name, found in features.items():
            if name == default:
                continue
            changes = Changes.between(base[~held], found[~held])
            off = found[held] - changes.foretold(base[held], weights)
            missed += float(np.square(off).sum())
            total += float(np.square(found[held] - base[held]).sum())
    return 1 - missed / total


def ridge_error(features: Features, labels: Indices, *, classes: int) -> float:
    """Return the squared leave-one-out error of ridge regression, relative to that of no features.

    nan where fewer than two classes have two images.
    """
    try:
        usable = Seen(features, labels, classes=classes).repeated()
    except SettingError:
        return float("nan")
    return leave_one_out(usable.features, usable.labels, classes=usable.classes).error
