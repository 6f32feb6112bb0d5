"""The trade-off between loss and information, as beta is swept."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from task2vec.fisher.noise import Vector, nats_of_noise
from task2vec.fisher.noisy_loss import NoisyLoss
from task2vec.fisher.variational import FitState, Stopping, Variational, fit_precision
from task2vec.messages.information import CurvePoint


def sweep(
    objective: NoisyLoss,
    betas: Sequence[float],
    *,
    prior: Vector,
    start: Vector,
    stopping: Stopping | None = None,
    progress: Callable[[float, FitState], None] | None = None,
) -> Iterator[Variational]:
    """Yield the optimum at each beta from the least up, each started from the one before.

    A small beta comes first, since noise that is small is what the Fisher information ``start``
    (n,) tells of. ``prior`` (n,) is lambda^2.
    """
    factors = None
    for beta in sorted(betas):
        fit = fit_precision(
            objective,
            beta=beta,
            prior=prior,
            start=start,
            factors=factors,
            stopping=stopping,
            progress=None if progress is None else partial(progress, beta),
        )
        yield fit
        start, factors = fit.curvature / fit.factors[objective.layer], fit.factors


def curve_point(
    objective: NoisyLoss, fit: Variational, *, prior: Vector, of_place: float
) -> CurvePoint:
    """Return the point of the curve; ``of_place`` are the nats that no noise changes."""
    noise = nats_of_noise(fit.precision, prior=prior, sizes=objective.sizes)
    return CurvePoint(
        beta=fit.beta,
        loss=fit.loss,
        loss_error=fit.loss_error,
        nats=float(noise.sum()) + of_place,
        converged=fit.converged,
        rounds=fit.state.round,
        gradient=fit.state.gradient,
        error=fit.state.error,
    )


def disorder(points: Sequence[CurvePoint]) -> list[str]:
    """Return where a curve is not monotone, in words.

    At exact minima the loss cannot fall and the nats cannot rise as beta rises: add up
    ``loss_1 + t_1 nats_1 <= loss_2 + t_1 nats_2`` and ``loss_2 + t_2 nats_2 <= loss_1 + t_2
    nats_1`` to ``(t_2 - t_1) (nats_2 - nats_1) <= 0``, t = beta/N, and put it into the first.
    """
    remarks = []
    ordered = sorted(points, key=lambda point: point.beta)
    for low, high in pairwise(ordered):
        between = f"from beta {low.beta:g} to {high.beta:g}"
        fall, error = low.loss - high.loss, float(np.hypot(low.loss_error, high.loss_error))
        if fall > 0:
            size = "within" if fall <= 2 * error else "beyond"
            remarks.append(
                f"the loss falls by {fall:.2g} {between}, {size} twice its error of {error:.2g}"
            )
        if high.nats > low.nats:
            remarks.append(f"the nats rise by {high.nats - low.nats:.2g} {between}")
    return remarks


def curve_doubts(points: Sequence[CurvePoint]) -> list[str]:
    """Warn of points whose fit has not converged, and of a curve that is not monotone."""
    doubts = [
        f"beta {point.beta:g} has not converged in {point.rounds} rounds: its gradient is "
        f"{point.gradient:.2f}, its sampling error {point.error:.2f}"
        for point in points
        if not point.converged
    ]
    return doubts + disorder(points)
