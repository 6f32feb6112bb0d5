"""The plain default, whatever the task."""

import numpy as np

from task2vec.recommend.rankers.ranker import Ranking
from task2vec.recommend.world import Case


class AlwaysDefault:
    """Scores the default above all others, which are equal."""

    name = "always_default"

    def rank(self, case: Case) -> Ranking:
        """Return 1 for the default and 0 for the others."""
        scores = (case.offered == case.world.default).astype(np.float64)
        return Ranking(scores, case.world.default)
