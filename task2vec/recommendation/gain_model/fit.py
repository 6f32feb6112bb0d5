"""Finds the scales of the gain model, and how far off it is on each task that it does not know."""

from dataclasses import dataclass

import numpy as np

from task2vec.recommendation.evidence.world import Indices, Matrix, World
from task2vec.recommendation.gain_model.kernel import FREEDOM, WIDTHS, Scales
from task2vec.recommendation.gain_model.posterior import GainModel, Seen

#: Outcomes that the scales are fitted to at most, chosen at random: a dozen numbers need no more.
_MOST_FITTED = 400
#: Outcomes that are conditioned on at most; of more, those on the nearest tasks.
_MOST_SEEN = 4000
_STEPS = 30
#: Natural logarithms that a scale may be away from its default.
_FARTHEST = 2.5
#: The search ends where a step gains less than this share of the log density: a hundredth of a nat
#: in a thousand says nothing of a scale, and costs half of the time.
_TOLERANCE = 1e-5


def fit_gain_model(world: World, *, target: int | None = None) -> GainModel:
    """Fit the scales and condition on what was measured.

    The scales maximise the density of the outcomes times that of their own logarithms, Student's t
    around the defaults (empirical Bayes with a prior): of few outcomes the defaults stay.
    ``target`` is the task that matters where there are too many outcomes for all.
    """
    seen = Seen.of(world)
    default = Scales()
    if not len(seen.cells):
        return GainModel(world, default, seen)
    generator = np.random.default_rng(0)
    some = generator.permutation(len(seen.cells))[:_MOST_FITTED]
    fitted = seen.of_those(some)

    def loss(logs: Matrix) -> float:
        model = GainModel(world, Scales.from_vector(logs), fitted)
        off = (logs - default.to_vector()) / WIDTHS
        surprise = (FREEDOM + 1) / 2 * np.log1p(off**2 / FREEDOM)
        return -model.log_likelihood() + float(surprise.sum())

    # scipy takes a while to import: the API starts without.
    from scipy.optimize import minimize

    optimum = minimize(
        loss,
        default.to_vector(),
        method="L-BFGS-B",
        bounds=[(log - _FARTHEST, log + _FARTHEST) for log in default.to_vector()],
        options={"maxiter": _STEPS, "ftol": _TOLERANCE},
    )
    if len(seen.cells) > _MOST_SEEN and target is not None:
        nearest = np.argsort(world.symmetric[seen.cells.tasks, target], kind="stable")
        seen = seen.of_those(nearest[:_MOST_SEEN])
    return GainModel(world, Scales.from_vector(optimum.x), seen)


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Of each of n outcomes: the gain ``expected`` without those of its task, and ``sd``.

    ``errors`` are the absolute differences to what was measured, in standard deviations of
    expectation and measurement together; ``tasks`` are the outcomes' tasks.
    """

    expected: Matrix
    sd: Matrix
    errors: Matrix
    tasks: Indices


def left_out(model: GainModel) -> LeftOut:
    """Leave out the outcomes of each task in turn, the scales kept.

    With K the covariance of the outcomes, noise included, and r their residuals, the outcomes b of
    one task have, given all others, the mean ``y_b - P_b^-1 (K^-1 r)_b`` and the covariance
    ``P_b^-1``, where ``P_b`` is their block of ``K^-1``: Rasmussen and Williams 2006, eq. 5.10 to
    5.12, for blocks.
    """
    seen = model.seen
    precision, weights = model.precision()
    expected = np.empty(len(seen.cells))
    variance = np.empty(len(seen.cells))
    for task in np.unique(seen.cells.tasks):
        rows = np.flatnonzero(seen.cells.tasks == task)
        block = np.linalg.inv(precision[np.ix_(rows, rows)])
        expected[rows] = seen.gains[rows] - block @ weights[rows]
        variance[rows] = np.diagonal(block)
    errors = np.abs(seen.gains - expected) / np.sqrt(variance)
    return LeftOut(expected, np.sqrt(variance), errors, seen.cells.tasks)
