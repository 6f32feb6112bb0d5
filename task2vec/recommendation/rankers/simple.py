"""The simple rules: the default, the best on average, the nearest expert, the outcomes near by."""

import numpy as np

from task2vec.recommendation.evidence.world import Case
from task2vec.recommendation.rankers.ranker import Ranking


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


class NearestOnly:
    """Scores an expert by how near its task is; plain models come last, the default before them.

    ``asymmetric`` takes the distance from the expert's task as source to the target.
    """

    def __init__(self, *, asymmetric: bool = False) -> None:
        self._asymmetric = asymmetric

    @property
    def name(self) -> str:
        """A name for tables."""
        return "nearest_asymmetric" if self._asymmetric else "nearest_only"

    def rank(self, case: Case) -> Ranking:
        """Return negative distances."""
        world = case.world
        distances = world.asymmetric if self._asymmetric else world.symmetric
        near = np.where(world.experts, distances[world.sources, case.target], np.inf)
        known = near[np.isfinite(near)]
        farthest = float(known.max()) if known.size else 0.0
        near[~np.isfinite(near)] = farthest + 2
        near[world.default] = farthest + 1
        return Ranking.of_best(case, -near[case.offered])


NEIGHBOURS = 5
#: Of how many outcomes at no distance the mean over all tasks has the weight.
_SHRINKAGE = 1.0
_REACH = 0.25


class NearOutcomes:
    """Scores a model by its mean gain on near tasks, shrunk to its mean over all.

    Of the ``k`` tasks that are the best sources by asymmetric distance, each counts by
    ``exp(-(d / 0.25)^2)`` with d its symmetric distance.
    """

    def __init__(self, k: int = NEIGHBOURS) -> None:
        self._k = k

    @property
    def name(self) -> str:
        """A name for tables."""
        return f"near_outcomes_{self._k}"

    def rank(self, case: Case) -> Ranking:
        """Return shrunk mean gains."""
        world, target = case.world, case.target
        order = np.argsort(world.asymmetric[:, target], kind="stable")
        near = [task for task in order if task != target][: self._k]
        known = world.measured
        gains = np.where(known, world.gains, 0)
        counts = known.sum(axis=1)
        overall = np.divide(gains.sum(axis=1), counts, out=np.zeros(len(counts)), where=counts > 0)
        weights = np.exp(-np.square(np.maximum(world.symmetric[near, target], 0) / _REACH))
        summed = gains[:, near] @ weights + _SHRINKAGE * overall
        scores = summed / (known[:, near] @ weights + _SHRINKAGE)
        scores[world.default] = 0.0
        return Ranking.of_best(case, scores[case.offered])
