"""Rankers that were tried against ours and are not in the product."""

import numpy as np

from task2vec.recommendation.evidence.world import Case, Matrix
from task2vec.recommendation.rankers import Ranking


class NearestInformation:
    """Scores a model by the information distance from what it was trained on to the target.

    That is KL(N(w, 1/F_target) || N(w, 1/F_source)), what the target's posterior needs beyond the
    source's as prior: ``between`` (T, T) holds it in nats from the row's task to the column's. The
    default was trained on none of the tasks. It stands where the trivial task stands, whose prior
    knows nothing: ``from_nothing`` (T,) holds the nats that each target needs from there. So an
    expert comes before the default exactly where its task is a better prior than none; where
    ``from_nothing`` is not given, the default comes after all experts, and other plain models,
    of which no more is known than of the default, always after it.
    """

    name = "nearest_information"

    def __init__(self, between: Matrix, from_nothing: Matrix | None = None) -> None:
        self._between, self._from_nothing = between, from_nothing

    def rank(self, case: Case) -> Ranking:
        """Return negative nats."""
        world = case.world
        nats = np.where(world.experts, self._between[world.sources, case.target], np.inf)
        known = nats[np.isfinite(nats)]
        last = float(known.max()) if known.size else 0.0
        if self._from_nothing is None:
            nats[world.default] = last + 1
        else:
            nats[world.default] = self._from_nothing[case.target]
        nats[~np.isfinite(nats)] = max(last, nats[world.default]) + 1
        return Ranking.of_best(case, -nats[case.offered])


class Scored:
    """Ranks by scores (M, T) that were computed elsewhere."""

    def __init__(self, name: str, scores: Matrix) -> None:
        self._name, self._scores = name, scores

    @property
    def name(self) -> str:
        """A name for tables."""
        return self._name

    def rank(self, case: Case) -> Ranking:
        """Return the scores for the target."""
        return Ranking.of_best(case, self._scores[case.offered, case.target])
