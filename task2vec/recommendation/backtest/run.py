"""Asks rankers about tasks whose outcomes they do not know, and compares answers with outcomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.evidence.world import Case, Indices, Mask, Matrix, World
from task2vec.recommendation.prediction.intervals import normal_reach
from task2vec.recommendation.rankers import LEVELS, Ranker, Ranking

#: Told of cases done and to be done.
Progress = Callable[[int, int], None]


#: Pairs of noisy copies that a noise ceiling is estimated from.
_COPIES = 20


@dataclass(frozen=True, eq=False)
class Trials:
    """What one ranker did on T tasks.

    Attributes:
        ranker: its name.
        tasks: (T,) their numbers in the world.
        tau: (T,) weighted Kendall tau of scores and gains.
        regret_at_1: (T,) gain missed by the first, ``regret_at_3`` by the best of the first three.
        top_1: (T,) whether the first is the best.
        offered: (T,) how many models there were to rank.
        choice: (T,) the number of the model that was taken.
        gain: (T,) of that model, over the default, and ``expected`` what the ranker expected it to
            be; nan where scores are no gains.
        abstained: (T,) whether that was the default.
        oracle: (T,) the gain of the best model: by one half of the evidence, measured by the other,
            where there are halves; else by all of it, which flatters it.
        covered: (levels, T) the share of the models whose gain was in the interval of `LEVELS`; nan
            for rankers that state none.
        ceiling: (T,) weighted tau of either half's gains; without halves, estimated.
    """

    ranker: str
    tasks: Indices
    tau: Matrix
    regret_at_1: Matrix
    regret_at_3: Matrix
    top_1: Mask
    offered: Indices
    choice: Indices
    gain: Matrix
    expected: Matrix
    abstained: Mask
    oracle: Matrix
    covered: Matrix
    ceiling: Matrix


def backtest(
    world: World,
    rankers: Sequence[Ranker],
    *,
    folds: Folds = Folds.TASK,
    families: Sequence[str] | None = None,
    contents: Sequence[str] | None = None,
    shared: Mask | None = None,
    seen: Mask | None = None,
    halves: Matrix | None = None,
    only: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> list[Trials]:
    """Ask each ranker about each task.

    Args:
        world: all that was measured.
        rankers: who is asked.
        folds: what is hidden beside the outcomes on the task itself.
        families: (T,) the family of each task; by default each is its own.
        contents: (T,) equal for tasks that are copies of one another; by default none is.
        shared: (T, T) whether the column's task has too many images of the row's.
        seen: (M, T) whether a model was fine-tuned from an expert of the task, however far back.
        halves: (2, M, T) gains by two halves of the evidence that share no noise.
        only: the tasks that are asked about, by default all.
        progress: is told after each task.
    """
    all_cases = [
        case
        for case in cases(
            world, folds, families or world.tasks, contents=contents, shared=shared, seen=seen
        )
        if only is None or case.target in only
    ]
    rows: list[list[dict[str, float | Matrix]]] = [[] for _ in rankers]
    for done, case in enumerate(all_cases):
        gains = world.gains[case.offered, case.target].copy()
        gains[case.offered == world.default] = 0.0
        variances = np.nan_to_num(world.variances[case.offered, case.target])
        if halves is None:
            yardsticks = {"oracle": float(gains.max()), "ceiling": noise_ceiling(gains, variances)}
        else:
            first, second = halves[:, case.offered, case.target]
            yardsticks = {
                "oracle": crossed_oracle(first, second),
                "ceiling": weighted_tau(first, second),
            }
        for row, ranker in zip(rows, rankers, strict=True):
            row.append({**yardsticks, **_trial(ranker.rank(case), case, gains, variances)})
        if progress is not None:
            progress(done + 1, len(all_cases))
    targets = np.array([case.target for case in all_cases])
    return [
        Trials(
            ranker=ranker.name,
            tasks=targets,
            **{name: np.stack([trial[name] for trial in row], axis=-1) for name in row[0]},
        )
        for ranker, row in zip(rankers, rows, strict=True)
        if row
    ]


def _trial(
    ranking: Ranking, case: Case, gains: Matrix, variances: Matrix
) -> dict[str, float | Matrix]:
    choice = case.offered == ranking.choice
    covered = np.full(len(LEVELS), np.nan)
    if ranking.sd is not None:
        others = case.offered != case.world.default
        # What was measured has noise of its own, which the interval of a gain does not cover.
        noise = np.sqrt(np.square(ranking.sd[others]) + variances[others])
        off = np.abs(gains - ranking.scores)[others] / noise
        usual = [normal_reach(level) for level in LEVELS]
        reach = np.array(usual if ranking.reach is None else ranking.reach)
        reach = reach[:, None] if reach.ndim == 1 else reach[:, others]
        covered = np.mean(off[None, :] <= reach, axis=1)
    return {
        "tau": weighted_tau(ranking.scores, gains),
        "regret_at_1": regret(ranking.scores, gains, first=1),
        "regret_at_3": regret(ranking.scores, gains, first=3),
        "top_1": regret(ranking.scores, gains, first=1) == 0,
        "offered": len(case.offered),
        "choice": ranking.choice,
        "gain": float(gains[choice][0]),
        "expected": float("nan") if ranking.sd is None else float(ranking.scores[choice][0]),
        "abstained": ranking.choice == case.world.default,
        "covered": covered,
    }


def weighted_tau(scores: Matrix, gains: Matrix) -> float:
    """Return Kendall's tau weighted hyperbolically by rank (Vigna, WWW 2015), in [-1, 1].

    Exchanges among the first count most, averaged over the ranks by either argument, as is usual
    for transferability scores. 0 where all scores or all gains are equal: nothing was ranked.
    """
    if np.ptp(scores) == 0 or np.ptp(gains) == 0:
        return 0.0
    # scipy takes a while to import: the API starts without.
    from scipy.stats import weightedtau

    return float(weightedtau(scores, gains).statistic)


def regret(scores: Matrix, gains: Matrix, *, first: int) -> float:
    """Return by how much the best model gains more than the best of the ``first`` by score.

    Equal scores are taken in the order given.
    """
    order = np.argsort(-scores, kind="stable")[:first]
    return float(gains.max() - gains[order].max())


def crossed_oracle(first: Matrix, second: Matrix) -> float:
    """Return the gain of the best model by one half of the evidence (K,), measured by the other.

    The mean of both ways round.
    """
    return float(second[np.argmax(first)] + first[np.argmax(second)]) / 2


def noise_ceiling(gains: Matrix, variances: Matrix) -> float:
    """Return the weighted tau that gains (K,) would reach with gains measured anew, estimated.

    It stands in for the tau of two halves of the evidence, each of which has twice the variance: of
    pairs of copies with so much noise. Gains that were measured spread a little more than true
    ones, which flatters it; the default's noise, which all gains share, is taken as each one's own,
    which does the opposite. The mean of 20 pairs of a fixed seed.
    """
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(_COPIES, 2, len(gains))) * np.sqrt(2 * variances)
    return float(np.mean([weighted_tau(*(gains + pair)) for pair in noise]))
