"""The model whose features a forward-pass score likes best."""

from task2vec.recommend.evidence.world import Case, Matrix
from task2vec.recommend.rankers.ranker import Ranking


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
