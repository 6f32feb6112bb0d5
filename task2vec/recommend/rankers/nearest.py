"""The expert of the nearest task, by the symmetric or the asymmetric distance."""

import numpy as np

from task2vec.recommend.rankers.ranker import Ranking
from task2vec.recommend.world import Case


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
