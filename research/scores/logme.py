"""LogME: the evidence of a Bayesian linear model of the labels on a model's features."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from research.scores.names import ScoreName
from research.scores.seen import Seen

#: The least standard deviation of the noise: labels are 0 or 1, and features that fit them exactly
#: would have unlimited evidence without it.
LEAST_NOISE = 1e-3
# The fixed point is found when no class's evidence of an image changes by more nats in a step: tens
# of steps, and many where the evidence hardly depends on t.
_TOLERANCE = 1e-10
_ITERATIONS = 500
# The ratio t = alpha / beta, relative to the largest eigenvalue of F F^T: at the ends all or none
# of the evidence comes from the features.
_LOWEST, _HIGHEST = 1e-30, 1e14

Array = NDArray[np.float64]


class LogMe:
    """The log maximum evidence (You et al., ICML 2021, arXiv 2102.11005)."""

    name: ClassVar = ScoreName.LOGME

    def __call__(self, seen: Seen) -> float:
        """Return the evidence in nats per image, the mean over the classes that have images."""
        return float(log_evidences(seen.features, seen.labels).mean())


def log_evidences(features: NDArray[np.floating], labels: NDArray[np.int64]) -> Array:
    """Return ``max log p(y | F) / N`` for each class present against the rest, in ascending order.

    ``features`` F is (N, D) and y (N,) is 1 for the images of the class, else 0. The model is
    ``y = F w + noise`` with ``w ~ N(0, I / alpha)`` and noise of variance ``1 / beta``, so
    ``y ~ N(0, I / beta + F F^T / alpha)``; alpha and beta maximise its density, beta up to
    ``1 / LEAST_NOISE^2``. There is no bias, as in the paper. Neither the scale of the features nor
    their rotation matters.
    """
    problem = _prepare(features, labels)
    # The evidence may have several maxima in t, less than a decade apart: the fixed point begins at
    # each that four steps a decade show.
    grid = np.logspace(-16, 8, 97)
    coarse = np.array([problem.evidence(np.full(problem.classes, t)) for t in grid])
    padded = np.pad(coarse, ((1, 1), (0, 0)), constant_values=-np.inf)
    place, label = np.nonzero((coarse >= padded[:-2]) & (coarse >= padded[2:]))
    best: Array = coarse.max(axis=0)
    np.maximum.at(best, label, _climb(problem.of(label), grid[place]))
    return best


def _climb(problem: "_Problem", t: Array) -> Array:
    """Return the evidence where the fixed point from t (K,) ends."""
    best = last = problem.evidence(t)
    for _ in range(_ITERATIONS):
        t = problem.step(t)
        found = problem.evidence(t)
        # Its steps do not always go uphill: what was best is kept.
        best = np.maximum(best, found)
        if np.abs(found - last).max() < _TOLERANCE:
            break
        last = found
    return best


@dataclass(frozen=True, eq=False)
class _Problem:
    """Labels in the coordinates where the covariance is diagonal, for all K classes at once.

    ``s`` (r, 1) are the positive eigenvalues of F F^T, relative to the largest, ``z2`` (r, K) the
    squares of the labels' coordinates there, ``rest`` (K,) what they have outside, N - r axes.
    """

    images: int
    s: Array
    z2: Array
    rest: Array

    @property
    def classes(self) -> int:
        return len(self.rest)

    def of(self, classes: NDArray[np.int64]) -> "_Problem":
        """Return the problem of these classes, which may be repeated."""
        return _Problem(self.images, self.s, self.z2[:, classes], self.rest[classes])

    def evidence(self, t: Array) -> Array:
        """Return (K,) the log evidence of an image at ``alpha = t beta``, at the best beta."""
        spread = 1 + self.s / t
        quadratic = (self.z2 / spread).sum(axis=0) + self.rest
        beta = _bounded(self.images, quadratic)
        logs = np.log(2 * np.pi / beta) + np.log(spread).sum(axis=0) / self.images
        return np.asarray(-0.5 * (logs + beta * quadratic / self.images))

    def step(self, t: Array) -> Array:
        """Return MacKay's update of t: where it stands still, so does the evidence.

        ``gamma = sum s / (s + t)`` is the number of weights that the data determine, ``|w|^2`` and
        ``residual`` belong to the posterior mean; then ``alpha = gamma / |w|^2`` and
        ``beta = (N - gamma) / residual``.
        """
        gamma = (self.s / (self.s + t)).sum(axis=0)
        # N - gamma without the cancellation where nearly all weights are determined.
        left = self.images - len(self.s) + (t / (self.s + t)).sum(axis=0)
        weight = (self.s * self.z2 / (self.s + t) ** 2).sum(axis=0)
        residual = (self.z2 * (t / (self.s + t)) ** 2).sum(axis=0) + self.rest
        # Labels that the features do not touch have no weight at all: alpha is infinite.
        alpha = np.divide(gamma, weight, out=np.full_like(t, np.inf), where=weight > 0)
        return np.asarray(np.clip(alpha / _bounded(left, residual), _LOWEST, _HIGHEST))


def _prepare(features: NDArray[np.floating], labels: NDArray[np.int64]) -> _Problem:
    F = np.asarray(features, dtype=np.float64)
    U, d, _ = np.linalg.svd(F, full_matrices=False)
    real = d > d[0] * max(F.shape) * np.finfo(np.float64).eps
    y = (labels[:, None] == np.unique(labels)).astype(np.float64)
    z2 = (U[:, real].T @ y) ** 2
    rest = np.maximum(y.sum(axis=0) - z2.sum(axis=0), 0)
    return _Problem(len(F), (d[real, None] / d[0]) ** 2, z2, rest)


def _bounded(count: Array | int, squares: Array) -> Array:
    """Return the precision ``count / squares``, no more than that of the least noise."""
    most = 1 / LEAST_NOISE**2
    return np.asarray(count / np.maximum(squares, count / most))
