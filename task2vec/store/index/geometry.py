"""Vectors of a few hundred numbers whose inner products rank tasks nearly as the distances do.

With ``x = log F`` and ``delta`` the difference of two tasks' x, the symmetric distance falls with
``N = sum 1/4 sech^2(delta/2)`` and with the size of ``T = sum tanh(delta/2)``. Both are additive
kernels, and so inner products of the features ``[cos(w x), sin(w x)]`` of one task with the same
features of the other, weighted differently for N and T (Vedaldi and Zisserman 2012, "Efficient
additive kernels via explicit feature maps"). The features of the elements that differ most between
tasks are reduced to their principal components.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from task2vec.types import Vector

# Chosen on 10,000 real embeddings: docs/adr/0008-search-by-candidates.md.
_ELEMENTS, _COMPONENTS, _TRAINING = 2048, 256, 1500
_FREQUENCIES = np.array([0.3, 0.8])
_TILTS = (0.0, -0.12, 0.12)
# The slope of the cosine over N/n where the distance is a quarter: (1/2) / (1/2 - N/n)^2.
_SLOPE = 6.1
_AT_ONCE = 256

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Geometry:
    """A map from embeddings to vectors, fitted to some of them.

    ``elements`` (e,) are those that are looked at, ``mean`` (f,) and ``components`` (f, d) reduce
    their features; ``trained`` counts the embeddings that it was fitted to.
    """

    prior_precision: float
    elements: NDArray[np.int64]
    mean: Numbers
    components: Numbers
    trained: int

    @classmethod
    def fit(cls, values: Vector, *, prior_precision: float) -> Self:
        """Fit to m >= 1 embeddings ``values`` (m, n) of a space with a prior precision > 0."""
        count = len(values)
        rows = np.sort(np.random.default_rng(0).permutation(count)[:_TRAINING])
        # A tenth of them tells as well which elements differ.
        spread = _logs(values[rows[:: max(1, len(rows) // 200)]], prior_precision).std(axis=0)
        elements = np.sort(np.argsort(-spread, kind="stable")[:_ELEMENTS])
        features = _features(_logs(values[np.ix_(rows, elements)], prior_precision))
        mean = features.mean(axis=0)
        features -= mean
        # From the Gram matrix, since there are fewer rows than features.
        power, vectors = np.linalg.eigh((features @ features.T).astype(np.float64))
        kept = [i for i in np.argsort(-power)[:_COMPONENTS] if power[i] > 1e-9 * power[-1]]
        components = features.T @ vectors[:, kept].astype(np.float32)
        components /= np.linalg.norm(components, axis=0)
        return cls(prior_precision, elements, mean, components, trained=count)

    def codes(self, values: Vector, complexities: NDArray[np.float64]) -> Numbers:
        """Return the vectors (m, d + 1) of stored embeddings (m, n); the last is the complexity."""
        codes = np.empty((len(values), self.components.shape[1] + 1), dtype=np.float32)
        codes[:, -1] = complexities
        for first in range(0, len(values), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            features = _features(_logs(values[some, self.elements], self.prior_precision))
            codes[some, :-1] = (features - self.mean) @ self.components
        return codes

    def queries(self, values: Vector, *, alpha: float) -> Numbers:
        """Return vectors (q, d + 1) of an embedding (n,) with large products for near tasks.

        They stand for ``N + c T`` with a few c, since near tasks have T on either side of 0. For
        sources ``alpha`` weighs the complexities, as in the asymmetric distance; else it is 0.
        """
        x = _logs(values[None, self.elements], self.prior_precision)
        found = np.empty((len(_TILTS), self.components.shape[1] + 1), dtype=np.float32)
        for row, tilt in zip(found, _TILTS, strict=True):
            row[:-1] = (_tilted(x, tilt) @ self.components)[0]
        found[:, -1] = alpha * self.elements.size / _SLOPE
        return found


def _logs(values: Vector, prior_precision: float) -> Numbers:
    return np.asarray(np.log(np.asarray(values) + np.float32(prior_precision)), dtype=np.float32)


def _features(x: Numbers) -> Numbers:
    """Return the features (m, 4e) of x (m, e)."""
    parts = []
    for w, size in zip(_FREQUENCIES, np.sqrt(_EVEN), strict=True):
        angles = np.float32(w) * x
        parts += [np.cos(angles) * np.float32(size), np.sin(angles) * np.float32(size)]
    return np.concatenate(parts, axis=1)


def _tilted(x: Numbers, tilt: float) -> Numbers:
    """Return the vector whose product with `_features` of y is ``N + tilt T`` of ``x - y``."""
    parts = []
    for w, even, odd in zip(_FREQUENCIES, _EVEN, _ODD, strict=True):
        cosine, sine = np.cos(np.float32(w) * x), np.sin(np.float32(w) * x)
        a, b = np.float32(even / np.sqrt(even)), np.float32(tilt * odd / np.sqrt(even))
        parts += [a * cosine + b * sine, a * sine - b * cosine]
    return np.concatenate(parts, axis=1)


def _series() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of cos(w delta) in 1/4 sech^2(delta/2) and of sin(w delta) in tanh.

    Least squares over the differences that tasks have, of order 1; the constant of the first
    ranks nobody.
    """
    delta = np.linspace(-8, 8, 801)
    weight = np.sqrt(np.exp(-(delta**2) / (2 * 1.5**2)) + 0.02)
    angles = np.outer(delta, _FREQUENCIES)
    even = np.column_stack([np.ones_like(delta), np.cos(angles)]) * weight[:, None]
    odd = np.sin(angles) * weight[:, None]
    a = np.linalg.lstsq(even, 0.25 / np.cosh(delta / 2) ** 2 * weight, rcond=None)[0][1:]
    b = np.linalg.lstsq(odd, np.tanh(delta / 2) * weight, rcond=None)[0]
    return np.asarray(a), np.asarray(b)


_EVEN, _ODD = _series()
