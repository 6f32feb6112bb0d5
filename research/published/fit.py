"""Fits published outcomes by the figures of the networks, with data sets and networks left out.

    scaled outcome = mean of the data set + figures x slope + offset of the network + rest

The slopes are found first, by ridge with each data set weighing the same; then the offsets of
networks with known outcomes, by ridge on what the slopes leave, each outcome weighing the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import inf, isinf

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.special import logit as logits

from research.published.zoo import Matrix, figures

Array = NDArray[np.float64]

#: What a fit may use: areas under curves are not accuracies, but there are few networks.
FITTED = {
    "accuracies": ("sfda-supervised", "parc-all"),
    "all": ("sfda-supervised", "parc-all", "medmnist-by-architecture"),
}


@dataclass(frozen=True)
class Setting:
    """A way to fit.

    ``ridge`` on the slopes is in units of the features' mean squares, ``shrink`` on the offsets in
    data sets: the number of imagined ones, on which a network does as its figures say.
    """

    fitted: str
    scale: str
    features: tuple[str, ...]
    ridge: float
    shrink: float = inf

    def scaled(self, shares: Array) -> Array:
        return shares if self.scale == "points" else logits(shares)

    def gain(self, effect: float, first: float, second: float) -> float:
        """Return the difference of shares that an effect makes around the middle of the two."""
        if self.scale == "points":
            return effect
        middle = (logits(first) + logits(second)) / 2
        return float(expit(middle + effect / 2) - expit(middle - effect / 2))

    def table(self, matrix: Matrix) -> Array:
        """Return the figures of the matrix's networks, (M, F)."""
        return np.array([[figures(n)[name] for name in self.features] for n in matrix.networks])

    def of_use(self, zoo: Sequence[Matrix]) -> list[Matrix]:
        """Return the matrices that this fits and that compare networks."""
        fitted = (m for m in zoo if m.collection in FITTED[self.fitted])
        return [m for m in fitted if len(m.networks) > 1 and m.targets]


def slopes(zoo: Sequence[Matrix], setting: Setting) -> Array:
    """Return the effect of each figure."""
    size = len(setting.features)
    squares, products = np.zeros((size, size)), np.zeros(size)
    for matrix in setting.of_use(zoo):
        X = setting.table(matrix)
        X = X - X.mean(axis=0)
        Y = setting.scaled(matrix.values)
        squares += len(matrix.targets) * X.T @ X / len(X)
        products += X.T @ (Y - Y.mean(axis=0)).sum(axis=1) / len(X)
    penalty = setting.ridge * np.diag(np.diag(squares))
    if not squares.any():
        return products
    return np.linalg.solve(squares + penalty, products).astype(np.float64)


def offsets(zoo: Sequence[Matrix], setting: Setting, slope: Array) -> Mapping[str, float]:
    """Return how much better the known networks are than their figures say, shrunk."""
    used = setting.of_use(zoo)
    names = sorted({name for matrix in used for name in matrix.networks})
    if isinf(setting.shrink) or not names:
        return {}
    place = {name: i for i, name in enumerate(names)}
    squares, products = setting.shrink * np.eye(len(names)), np.zeros(len(names))
    for matrix in used:
        rows = [place[name] for name in matrix.networks]
        # Only differences within a data set are seen: its mean is taken off on both sides.
        centre = np.eye(len(rows)) - 1 / len(rows)
        left = setting.scaled(matrix.values) - (setting.table(matrix) @ slope)[:, None]
        squares[np.ix_(rows, rows)] += len(matrix.targets) * centre
        products[rows] += centre @ left.sum(axis=1)
    return dict(zip(names, np.linalg.solve(squares, products).tolist(), strict=True))


def scores(matrix: Matrix, left: Sequence[Matrix], setting: Setting) -> Array:
    """Return the effect that a fit on what is ``left`` promises of each network, (M,)."""
    slope = slopes(left, setting)
    known = offsets(left, setting, slope)
    return setting.table(matrix) @ slope + [known.get(name, 0.0) for name in matrix.networks]


@dataclass(frozen=True)
class Errors:
    """Of pairs of networks on data sets.

    How far their first figures are apart, the predicted and the true difference of shares, and the
    error on the scale of the fit.
    """

    apart: Array
    predicted: Array
    true: Array
    error: Array

    @property
    def explained(self) -> float:
        """The share of squared differences that is explained: 0 is to say nothing."""
        return float(1 - np.mean((self.predicted - self.true) ** 2) / np.mean(self.true**2))


def pair_errors(
    zoo: Sequence[Matrix], matrix: Matrix, setting: Setting, *, elsewhere: bool = False
) -> Errors:
    """Predict differences on each data set, which is left out of the fit in every collection.

    So are both networks; or, with ``elsewhere``, all of this collection, but not what others know
    of its networks.
    """
    X = setting.table(matrix)
    found = []
    for column, target in enumerate(matrix.targets):
        rest = [other.without(target=target) for other in zoo]
        others = [other for other in rest if other.collection != matrix.collection]
        promised = scores(matrix, others, setting)
        for a, b in combinations(range(len(matrix.networks)), 2):
            effect = float(promised[a] - promised[b])
            if not elsewhere:
                pair = (matrix.networks[a], matrix.networks[b])
                fewer = [other.without(networks=pair) for other in rest]
                effect = float((X[a] - X[b]) @ slopes(fewer, setting))
            first, second = matrix.values[a, column], matrix.values[b, column]
            error = effect - (setting.scaled(first) - setting.scaled(second))
            gain = setting.gain(effect, first, second)
            found.append((X[a, 0] - X[b, 0], gain, first - second, error))
    return Errors(*np.array(found).T)


def grid(
    *, scales: Sequence[str], features: Sequence[tuple[str, ...]], ridges: Sequence[float]
) -> list[Setting]:
    """Return every combination with what may be fitted, without offsets."""
    return [Setting(*one) for one in product(FITTED, scales, features, ridges)]
