"""What a ranker is asked, and what it answers."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from task2vec.recommendation.evidence.world import Case, Matrix

#: The shares of outcomes that intervals are stated for and judged at.
LEVELS = (0.8, 0.9)


@dataclass(frozen=True, eq=False)
class Ranking:
    """``scores`` (K,) of the models that were offered, larger is better.

    ``choice`` is the number of the model to take, which need not be that of the largest score.
    ``sd`` (K,) are standard deviations where scores are expected gains, else None. ``reach`` is how
    many of them the intervals of the L levels reach that were asked for: (L,), or (L, K) where that
    differs between models; None where none were asked for.
    """

    scores: Matrix
    choice: int
    sd: Matrix | None = None
    reach: Matrix | tuple[float, ...] | None = None

    @classmethod
    def of_best(cls, case: Case, scores: Matrix) -> "Ranking":
        """Return a ranking that takes the model of the largest score, the first of equals."""
        return cls(scores, int(case.offered[np.argmax(scores)]))


class Ranker(Protocol):
    """Ranks the offered models of a case by nothing but what its world holds."""

    @property
    def name(self) -> str:
        """A name for tables."""
        ...

    def rank(self, case: Case) -> Ranking:
        """Return a score for each offered model."""
        ...
