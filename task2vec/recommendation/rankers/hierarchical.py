"""Ours: the hierarchical model of gains, and silence where it knows no better than the default."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from task2vec.recommendation.evidence.world import Case, Matrix
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.gain_model.kernel import Cells, Scales
from task2vec.recommendation.gain_model.posterior import GainModel
from task2vec.recommendation.prediction.intervals import interval_reach
from task2vec.recommendation.rankers.ranker import Ranking

#: The default is left where the best model's expected gain is above this many standard deviations.
TRUST = 0.2
#: A gain with a larger standard deviation is a guess, whatever is expected: its interval of 90 %
#: reaches 25 points to either side. Of the choices in ``research/transfer`` none was above 0.12.
MOST_SD = 0.15


class Hierarchical:
    """Scores models by their expected gain; see `task2vec.recommendation.gain_model`.

    ``start`` are scales that the fit begins at. ``levels`` are shares of outcomes that intervals
    are stated for, as `task2vec.recommendation.answer.answer` states them: conformal over the other
    tasks, or the model's own where those are too few.
    """

    name = "task2vec"

    def __init__(
        self, *, trust: float = TRUST, start: Scales | None = None, levels: Sequence[float] = ()
    ) -> None:
        self._trust = trust
        self._start = start
        self._levels = levels

    def rank(self, case: Case) -> Ranking:
        """Return expected gains, their standard deviations, and whether to leave the default."""
        model = fit_gain_model(case.world, target=case.target, start=self._start)
        ranking = judge(model, case, trust=self._trust)
        if not self._levels:
            return ranking
        elsewhere = left_out(model)
        reaches = (
            interval_reach(elsewhere.errors, elsewhere.tasks, level=at)[0] for at in self._levels
        )
        return replace(ranking, reach=tuple(reaches))


def surely_best(mean: Matrix, sd: Matrix, *, trust: float) -> int | None:
    """Return the place of the largest mean (K,) above ``trust`` deviations; None without one.

    Deviations above `MOST_SD` are too large to go by. A model that is surely somewhat better must
    not hide behind one that might be more.
    """
    sure = np.flatnonzero((mean > trust * sd) & (sd <= MOST_SD))
    return int(sure[np.argmax(mean[sure])]) if sure.size else None


def judge(model: GainModel, case: Case, *, trust: float = TRUST) -> Ranking:
    """Return what a fitted model thinks of a case."""
    cells = Cells(case.offered, np.full(len(case.offered), case.target))
    belief = model.believe(cells)
    default = case.offered == case.world.default
    mean = np.where(default, 0.0, belief.mean)
    sd = np.where(default, 0.0, belief.sd)
    best = surely_best(mean, sd, trust=trust)
    choice = case.world.default if best is None else int(case.offered[best])
    return Ranking(mean, choice, sd)
