"""The model that was best on average, whatever the task."""

import numpy as np

from task2vec.recommend.evidence.world import Case
from task2vec.recommend.rankers.ranker import Ranking


class StaticAverage:
    """Scores a model by its mean gain over the tasks that it was measured on.

    The default's is 0. A model without an outcome has the mean of those with.
    """

    name = "static_average"

    def rank(self, case: Case) -> Ranking:
        """Return mean gains."""
        world = case.world
        known = world.measured
        counts = known.sum(axis=1)
        sums = np.where(known, world.gains, 0).sum(axis=1)
        means = np.divide(sums, counts, out=np.zeros(len(counts)), where=counts > 0)
        others = means[counts > 0]
        means[counts == 0] = others.mean() if others.size else 0.0
        means[world.default] = 0.0
        return Ranking.of_best(case, means[case.offered])


class AlwaysDefault:
    """Scores the default above all others, which are equal."""

    name = "always_default"

    def rank(self, case: Case) -> Ranking:
        """Return 1 for the default and 0 for the others."""
        scores = (case.offered == case.world.default).astype(np.float64)
        return Ranking(scores, case.world.default)
