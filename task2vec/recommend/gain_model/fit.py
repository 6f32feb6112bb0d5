"""Finds the scales of the gain model that its outcomes are most probable under."""

import numpy as np

from task2vec.recommend.evidence.world import Matrix, World
from task2vec.recommend.gain_model.posterior import GainModel, Seen
from task2vec.recommend.gain_model.scales import FREEDOM, WIDTHS, Scales

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


def fit_gain_model(
    world: World, *, target: int | None = None, start: Scales | None = None
) -> GainModel:
    """Fit the scales and condition on what was measured.

    The scales maximise the density of the outcomes times that of their own logarithms, Student's t
    around the defaults (empirical Bayes with a prior): of few outcomes the defaults stay. ``start``
    is where the search begins, those of a world that is nearly the same. ``target`` is the task
    that matters where there are too many outcomes for all.
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

    found = minimize(
        loss,
        (start or default).to_vector(),
        method="L-BFGS-B",
        bounds=[(log - _FARTHEST, log + _FARTHEST) for log in default.to_vector()],
        options={"maxiter": _STEPS, "ftol": _TOLERANCE},
    )
    if len(seen.cells) > _MOST_SEEN and target is not None:
        nearest = np.argsort(world.symmetric[seen.cells.tasks, target], kind="stable")
        seen = seen.of_those(nearest[:_MOST_SEEN])
    return GainModel(world, Scales.from_vector(found.x), seen)
