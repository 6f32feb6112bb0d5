"""The gain model after outcomes: what it expects of any cell, and how sure it is."""

from dataclasses import dataclass, field

import numpy as np

from task2vec.recommendation.evidence.world import Indices, Matrix, World
from task2vec.recommendation.gain_model.kernel import Cells, Kernel, Scales

#: Added to the variance of every outcome: equal ones of one cell must not make a matrix singular.
_JITTER = 1e-6


@dataclass(frozen=True, eq=False)
class Seen:
    """Outcomes: gains (n,) of ``cells`` with the ``variances`` (n,) of their measurement.

    ``common`` (n,) are standard deviations of one more error that all share that have any: models
    measured on the same images. Outcomes have none.
    """

    cells: Cells
    gains: Matrix
    variances: Matrix
    common: Matrix = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not self.common.size:
            object.__setattr__(self, "common", np.zeros(len(self.gains)))

    @classmethod
    def of(cls, world: World) -> "Seen":
        """Return all that were measured in a world."""
        models, tasks = np.nonzero(world.measured)
        return cls(Cells(models, tasks), world.gains[models, tasks], world.variances[models, tasks])

    def of_those(self, chosen: Indices) -> "Seen":
        """Return some of them, by their positions."""
        cells = Cells(self.cells.models[chosen], self.cells.tasks[chosen])
        return Seen(cells, self.gains[chosen], self.variances[chosen], self.common[chosen])

    def with_more(self, other: "Seen") -> "Seen":
        """Return these and others."""
        cells = Cells(
            np.concatenate([self.cells.models, other.cells.models]),
            np.concatenate([self.cells.tasks, other.cells.tasks]),
        )
        return Seen(
            cells,
            np.concatenate([self.gains, other.gains]),
            np.concatenate([self.variances, other.variances]),
            np.concatenate([self.common, other.common]),
        )

    @property
    def noise(self) -> Matrix:
        """The covariance (n, n) of their measurement."""
        noise = np.outer(self.common, self.common)
        noise[np.diag_indices_from(noise)] += self.variances + _JITTER
        return noise


@dataclass(frozen=True, eq=False)
class Belief:
    """A normal distribution over the gains of n cells: ``mean`` (n,), ``covariance`` (n, n)."""

    mean: Matrix
    covariance: Matrix

    @property
    def sd(self) -> Matrix:
        """The standard deviations, (n,)."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0))

    def after(self, places: Indices, gains: Matrix, noise: Matrix) -> "Belief":
        """Return the belief once some gains (k,) were measured, with ``noise`` (k, k), exactly."""
        across = self.covariance[:, places]
        weights = np.linalg.solve(self.covariance[np.ix_(places, places)] + noise, across.T).T
        return Belief(
            self.mean + weights @ (gains - self.mean[places]),
            self.covariance - weights @ across.T,
        )

    def with_known(self, place: int, gain: float) -> "Belief":
        """Return the belief with one of the gains known exactly, and the others as they were."""
        mean, covariance = self.mean.copy(), self.covariance.copy()
        mean[place] = gain
        covariance[place], covariance[:, place] = 0.0, 0.0
        return Belief(mean, covariance)


class GainModel:
    """A world's gains given what was ``seen`` of them; exact, O(n^3) in the outcomes seen."""

    def __init__(self, world: World, scales: Scales, seen: Seen) -> None:
        self.world, self.scales, self.seen = world, scales, seen
        self._kernel = Kernel(world, scales)
        covariance = self._kernel.covariance(seen.cells, seen.cells) + seen.noise
        # scipy takes a while to import: the API starts without.
        from scipy import linalg

        self._linalg = linalg
        self._factor = self._factored(covariance)
        self._residual = seen.gains - self._kernel.mean(seen.cells)
        self._weights = linalg.cho_solve(self._factor, self._residual)

    def _factored(self, covariance: Matrix) -> tuple[Matrix, bool]:
        """Return the Cholesky factor of (n, n), with as much more noise as it takes to have one.

        Symmetric distances are not Euclidean, so that the kernel may have negative eigenvalues:
        those of many near tasks under scales far from the defaults, which a fit may try, exceed the
        noise. Twice of what it takes is added: a matrix that is barely positive definite would make
        many times what was measured of it.
        """
        diagonal, added = np.diag_indices_from(covariance), 0.0
        while True:
            try:
                factor, lower = self._linalg.cho_factor(covariance, lower=True)
            except self._linalg.LinAlgError:
                more = max(3 * added, _JITTER)
                covariance[diagonal] += more
                added += more
            else:
                break
        if added:
            covariance[diagonal] += added
            factor, lower = self._linalg.cho_factor(covariance, lower=True)
        return factor, bool(lower)

    def believe(self, cells: Cells) -> Belief:
        """Return what is expected of some cells."""
        across = self._kernel.covariance(cells, self.seen.cells)
        half = self._linalg.solve_triangular(self._factor[0], across.T, lower=True)
        return Belief(
            self._kernel.mean(cells) + across @ self._weights,
            self._kernel.covariance(cells, cells) - half.T @ half,
        )

    def prior(self, cells: Cells) -> Matrix:
        """Return (k,) what was expected of some cells before any outcome was seen."""
        return self._kernel.mean(cells)

    def influence(self, cells: Cells) -> Matrix:
        """Return (k, n): by how much each of the n outcomes seen moved the mean of k cells.

        A row adds up to what all outcomes together moved it from its prior.
        """
        across = self._kernel.covariance(cells, self.seen.cells)
        moved: Matrix = self._linalg.cho_solve(self._factor, across.T).T * self._residual
        return moved

    def precision(self) -> tuple[Matrix, Matrix]:
        """Return the inverse covariance (n, n) of the outcomes, and its product with r (n,)."""
        return self._linalg.cho_solve(self._factor, np.eye(len(self._residual))), self._weights

    def log_likelihood(self) -> float:
        """Return the log density of the outcomes seen, but for a constant."""
        half_log_determinant = float(np.log(np.diagonal(self._factor[0])).sum())
        return -0.5 * float(self._residual @ self._weights) - half_log_determinant
