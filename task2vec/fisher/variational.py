"""The variational estimator: noise on the weights that keeps the loss low.

Noise N(w0, Lambda^-1), one precision for the weights of a filter, minimises the information
Lagrangian

    L(Lambda) = E[mean loss] + (beta/N) KL(N(w0, Lambda^-1) || N(0, lambda^-2 I)).

With v = 1/Lambda and d the number of weights that share it,
``dKL/dv = d/2 (lambda^2 - 1/v)`` and, by Price's theorem, ``dE[loss]/dv = d/2 h``, h the mean over
the d weights of the expected loss's second derivatives. Both halves cancel, and the optimum is the
fixed point

    Lambda = (N/beta) h(Lambda) + lambda^2,    that is    (beta/N) Lambda = h + (beta/N) lambda^2:

without the factor 2 that Achille et al. (2019) print. Where the noise is small, h is the *mean*
over the filter's weights of the loss's curvature at w0, and where its Gauss-Newton part rules, of
the Fisher information: the element of the embedding. The trace over the filter is d times that.

**The step.** In the Fisher metric of a Gaussian, d/2 for each log-variance, the natural gradient of
L by log v is ``(beta/N) (v Lambda* - 1)`` with ``Lambda* = (N/beta) h + lambda^2``, and the step
``Lambda <- (1 - rho) Lambda + rho Lambda*`` follows it: the variational online Newton method (Khan
and Lin 2017; Khan et al. 2018), with no step size to tune, and positive by construction. h comes
from two estimators (`noisy_loss`): Gauss-Newton gives the shape within a layer, and antithetic
pairs the factor for each layer (`layer_factors`), so that the *true* gradient along each layer's
common log-variance vanishes.

**The criterion.** With ``r = v Lambda* - 1`` the relative natural gradient, norms weighted by d:

- *capped* at 1: some filters wake up in a few draws of the noise only, and then by a factor of
  1,000; so few weights must not decide about all. Below 1 the norm is that of the formula;
- *approach*: while the gradient's norm is above 1/2, steps in log Lambda with the factors of the
  start, since dead filters make Fisher's Lambda wrong by many orders. More noise may mean more
  curvature, and a full step then overshoots: a step is 0.8 of the way, and becomes shorter by 0.6
  each time that it points against the one before;
- *averaging*: then rho = 2/(t + 1), t = 3, 4, ..., a mean of all Lambda* with weights that grow
  linearly: it forgets early ones as 1/t^2, and its sampling error falls as 1/sqrt t.

The norm is estimated without bias as ``<r_A, r_B>`` from two independent halves, and the noise of
Lambda itself is taken off. It has *converged* when the norm and the sampling error of Lambda are
both at most ``tolerance``. Otherwise, after ``rounds``, the estimate says that it has not. What a
tolerance is worth: a relative error r of Lambda costs ``(beta/N) d/4 r^2`` of the Lagrangian to
second order, so 0.3 leaves less than 0.05 nats a weight on the table.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from task2vec.errors import SettingError
from task2vec.fisher.layer_factors import LayerFactors, layer_factors
from task2vec.fisher.noise import Vector
from task2vec.fisher.noisy_loss import NoisyLoss, NoisySample

#: Relative gradient below which the averaging begins.
_NEAR = 0.5
#: The share of the way that the approach goes, and what it becomes after an overshoot.
_APPROACH, _SHORTER = 0.8, 0.6
#: The most that a weight counts for in a norm.
_CAP = 1.0
#: The most that a step of the approach changes a precision, as a logarithm.
_LONGEST = math.log(1e4)


@dataclass(frozen=True)
class Stopping:
    """When the fit ends: ``tolerance`` as stated above, after at most ``rounds``.

    Raises `SettingError` out of range.
    """

    tolerance: float = 0.3
    rounds: int = 20

    def __post_init__(self) -> None:
        if not 0 < self.tolerance < 1 or self.rounds < 1:
            raise SettingError(
                "The fit of the noise cannot be stopped so",
                expected="a tolerance between 0 and 1, and at least 1 round",
                got=f"{self.tolerance} and {self.rounds}",
            )


@dataclass(frozen=True)
class FitState:
    """How far a fit is: ``gradient`` and ``error`` as in the criterion, after ``round`` rounds."""

    round: int
    gradient: float
    error: float


@dataclass(frozen=True, eq=False)
class Variational:
    """The noise that minimises the Lagrangian at one ``beta``.

    ``precision`` (n,) is Lambda, ``curvature`` (n,) is h. ``state`` is the last state of the fit,
    ``factors`` (L,) each layer's curvature over its Gauss-Newton part. ``loss`` is the expected
    loss at this precision, from noise of its own, and ``loss_error`` its standard error.
    """

    beta: float
    precision: Vector
    curvature: Vector
    factors: Vector
    converged: bool
    state: FitState
    loss: float
    loss_error: float


def fit_precision(
    objective: NoisyLoss,
    *,
    beta: float,
    prior: Vector,
    start: Vector,
    factors: Vector | None = None,
    stopping: Stopping | None = None,
    progress: Callable[[FitState], None] | None = None,
) -> Variational:
    """Minimise the Lagrangian over the precisions.

    ``prior`` (n,) is lambda^2 of each element, ``start`` (n,) a guess of the Gauss-Newton
    curvature, such as the Fisher information, ``factors`` (L,) one of the layers' factors (1 if
    None).

    Raises `SettingError` for a beta or a prior that is not positive.
    """
    if not 0 < beta < math.inf or not (prior > 0).all():
        raise SettingError(
            "The information Lagrangian has no minimum",
            expected="a positive, finite beta and positive prior precisions",
            got=f"beta {beta} and prior precisions from {prior.min()}",
        )
    stopping = stopping or Stopping()
    if factors is None:
        factors = np.ones(int(objective.layer.max()) + 1)
    fit = _Fit(
        objective,
        temperature=beta / objective.images,
        prior=prior,
        start=start,
        factors=factors,
    )
    converged = False
    for number in range(1, stopping.rounds + 1):
        gradient, error = fit.step()
        state = FitState(number, gradient, error)
        if progress is not None:
            progress(state)
        if max(gradient, error) <= stopping.tolerance:
            converged = True
            break
    loss, loss_error = objective.evaluate(1 / fit.precision)
    return Variational(
        beta=beta,
        precision=fit.precision,
        curvature=np.maximum(fit.precision - prior, 0) * beta / objective.images,
        factors=fit.factors.values,
        converged=converged,
        state=state,
        loss=loss,
        loss_error=loss_error,
    )


class _Fit:
    """The iteration: the precision so far, and running means since the averaging began."""

    def __init__(
        self,
        objective: NoisyLoss,
        *,
        temperature: float,
        prior: Vector,
        start: Vector,
        factors: Vector,
    ) -> None:
        self.precision = start * factors[objective.layer] / temperature + prior
        self._objective, self._temperature, self._prior = objective, temperature, prior
        self._shares = objective.sizes / objective.sizes.sum()
        self._layers = len(factors)
        self.factors = LayerFactors(factors, np.zeros(self._layers))
        self._averaged = 0
        self._share_of_way, self._last = _APPROACH, np.zeros(len(prior))
        # Weighted means of the slopes, of their Gauss-Newton parts and, squared weights, of errors.
        self._slopes, self._parts, self._variances = np.zeros((3, self._layers))
        self._sampling = 0.0

    def step(self) -> tuple[float, float]:
        """Take a step; return the gradient's norm before it and the sampling error after it."""
        variance = 1 / self.precision
        sample = self._objective.sample(variance)
        if not self._averaged:
            targets = self._targets(sample)
            gradient = self._norm(*(targets * variance - 1))
            if gradient > _NEAR:
                self._approach(np.log(targets.mean(axis=0) * variance))
                return gradient, math.inf
            self._sampling = self._share_of_way**2 * self._spread(targets)
        self._averaged += 1
        rho = 2 / (self._averaged + 3)
        self._learn_factors(sample, variance, rho)
        targets = self._targets(sample)
        halves = targets * variance - 1
        gradient = self._norm(*halves, noise=self._sampling)
        self.precision = (1 - rho) * self.precision + rho * targets.mean(axis=0)
        self._sampling = (1 - rho) ** 2 * self._sampling + rho**2 * self._spread(targets)
        data = 1 - self._prior / self.precision
        of_factors = np.minimum(self.factors.errors, _CAP)[self._objective.layer] * data
        return gradient, math.sqrt(self._sampling + float(self._shares @ of_factors**2))

    def _targets(self, sample: NoisySample) -> Vector:
        """Return Lambda* from each half of a sample, (2, n)."""
        scale = self.factors.values[self._objective.layer] / self._temperature
        targets: Vector = sample.curvature * scale + self._prior
        return targets

    def _approach(self, way: Vector) -> None:
        if self._shares @ (way * self._last) < 0:
            self._share_of_way *= _SHORTER
        self._last = way
        step = np.clip(self._share_of_way * way, -_LONGEST, _LONGEST)
        self.precision = self.precision * np.exp(step)

    def _spread(self, targets: Vector) -> float:
        """Return the squared relative sampling error of the mean of two targets (2, n)."""
        halves = np.minimum(targets / self.precision - 1, _CAP)
        return float(self._shares @ (halves[0] - halves[1]) ** 2) / 4

    def _norm(self, first: Vector, second: Vector, *, noise: float = 0.0) -> float:
        first, second = np.minimum(first, _CAP), np.minimum(second, _CAP)
        return math.sqrt(max(0.0, float(self._shares @ (first * second)) - noise))

    def _learn_factors(self, sample: NoisySample, variance: Vector, rho: float) -> None:
        size = self._objective.sizes
        parts = np.bincount(
            self._objective.layer,
            weights=size * variance * sample.curvature.mean(axis=0) / 2,
            minlength=self._layers,
        )
        # A sum of independent parts: its variance from their spread, which their different images
        # add to, so that it is on the safe side.
        spread = sample.slopes.var(axis=0, ddof=1) * len(sample.slopes)
        if self._averaged == 1:
            rho = 1.0
        self._slopes = (1 - rho) * self._slopes + rho * sample.slopes.sum(axis=0)
        self._parts = (1 - rho) * self._parts + rho * parts
        self._variances = (1 - rho) ** 2 * self._variances + rho**2 * spread
        self.factors = layer_factors(
            self._slopes, errors=np.sqrt(self._variances), gauss_newton=self._parts
        )
