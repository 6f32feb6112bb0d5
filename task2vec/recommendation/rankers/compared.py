"""The rankers that a backtest compares: ours and the simple rules that it must beat."""

from task2vec.recommendation.rankers.hierarchical import Hierarchical
from task2vec.recommendation.rankers.ranker import LEVELS, Ranker
from task2vec.recommendation.rankers.simple import (
    AlwaysDefault,
    NearestOnly,
    NearOutcomes,
    StaticAverage,
)


def compared_rankers() -> tuple[Ranker, ...]:
    """Return all of them, in the order of tables; a new one is added here."""
    return (
        AlwaysDefault(),
        StaticAverage(),
        NearestOnly(),
        NearestOnly(asymmetric=True),
        NearOutcomes(),
        Hierarchical(levels=LEVELS),
    )
