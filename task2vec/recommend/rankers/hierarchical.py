"""Ours: the hierarchical model of gains, and silence where it knows no better than the default."""

import numpy as np

from task2vec.recommend.gain_model.fit import fit_gain_model
from task2vec.recommend.gain_model.kernel import Cells
from task2vec.recommend.gain_model.posterior import GainModel
from task2vec.recommend.gain_model.scales import Scales
from task2vec.recommend.rankers.ranker import Ranking
from task2vec.recommend.world import Case

#: The default is left where the best model's expected gain is above this many standard deviations.
TRUST = 0.8


class Hierarchical:
    """Scores models by their expected gain; see `task2vec.recommend.gain_model`.

    ``start`` are scales that the fit begins at.
    """

    name = "task2vec"

    def __init__(self, *, trust: float = TRUST, start: Scales | None = None) -> None:
        self._trust = trust
        self._start = start

    def rank(self, case: Case) -> Ranking:
        """Return expected gains, their standard deviations, and whether to leave the default."""
        model = fit_gain_model(case.world, target=case.target, start=self._start)
        return judge(model, case, trust=self._trust)


def judge(model: GainModel, case: Case, *, trust: float = TRUST) -> Ranking:
    """Return what a fitted model thinks of a case."""
    cells = Cells(case.offered, np.full(len(case.offered), case.target))
    belief = model.believe(cells)
    default = case.offered == case.world.default
    mean = np.where(default, 0.0, belief.mean)
    sd = np.where(default, 0.0, belief.sd)
    sure = mean > trust * sd
    if not sure.any():
        return Ranking(mean, case.world.default, sd)
    # A model that is surely somewhat better must not hide behind one that might be more.
    return Ranking(mean, int(case.offered[np.argmax(np.where(sure, mean, -np.inf))]), sd)
