"""What a ranker does on a task on average over the images that it happens to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.recommendation.backtest.run import Trials
from task2vec.recommendation.evidence.world import Indices, Matrix


@dataclass(frozen=True, eq=False)
class Means:
    """Means over the draws of the values that `Trials` has; shares of what is true or false."""

    ranker: str
    tasks: Indices
    tau: Matrix
    regret_at_1: Matrix
    regret_at_3: Matrix
    top_1: Matrix
    gain: Matrix
    expected: Matrix
    abstained: Matrix
    oracle: Matrix
    covered: Matrix
    ceiling: Matrix


def mean_over_draws(found: Sequence[Trials]) -> list[Means]:
    """Return one entry for each name, in the order of their first; the tasks are the same in all.

    A ranker that sees images of the target stands there once for each draw of them. Somebody who
    asks has one draw; which one is chance that should not decide between rankers.
    """
    names = dict.fromkeys(trials.ranker for trials in found)
    return [_mean([trials for trials in found if trials.ranker == name]) for name in names]


def _mean(draws: list[Trials]) -> Means:
    def mean(value: str) -> Matrix:
        of_all: Matrix = np.mean([getattr(trials, value) for trials in draws], axis=0)
        return of_all

    return Means(
        ranker=draws[0].ranker,
        tasks=draws[0].tasks,
        tau=mean("tau"),
        regret_at_1=mean("regret_at_1"),
        regret_at_3=mean("regret_at_3"),
        top_1=mean("top_1"),
        gain=mean("gain"),
        expected=mean("expected"),
        abstained=mean("abstained"),
        oracle=mean("oracle"),
        covered=mean("covered"),
        ceiling=mean("ceiling"),
    )
