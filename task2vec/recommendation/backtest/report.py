"""From what rankers did on tasks that they did not know to what may be said of them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from task2vec.data.wording import plural
from task2vec.messages.backtests import (
    Abstention,
    AbstentionEnds,
    Advantage,
    AdvantageEnds,
    Backtest,
    Coverage,
    Folds,
    NoiseCeiling,
    RankerEnds,
    RankerScore,
    Verdict,
)
from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks, ratio_of_sums
from task2vec.recommendation.backtest.run import Trials
from task2vec.recommendation.evidence.world import Mask, Matrix
from task2vec.recommendation.rankers import LEVELS

#: Of fewer tasks an interval says nothing. Of fewer families a 95 % bootstrap interval is no more
#: than their range: each family alone is drawn in 1 of 27 resamples of three.
LEAST_TASKS, LEAST_FAMILIES = 8, 4
#: The rule that is nearest at hand.
ALWAYS_DEFAULT = "always_default"
#: What a ranker is measured by.
_MEASURES: Mapping[str, Callable[[Trials], Matrix]] = {
    "weighted_kendall": lambda trials: trials.tau,
    "regret_at_1": lambda trials: trials.regret_at_1,
    "regret_at_3": lambda trials: trials.regret_at_3,
    "top_1": lambda trials: trials.top_1.astype(np.float64),
    "gain": lambda trials: trials.gain,
}


def report(
    trials: Sequence[Trials],
    *,
    ours: str,
    families: Sequence[str] | None = None,
    folds: Folds = Folds.TASK,
) -> Backtest:
    """Judge rankers by their trials on the same tasks.

    Args:
        trials: those of ours and of the others, which `always_default` must be among.
        ours: the name of ours.
        families: the family of each task of the world; by default each is its own.
        folds: what was hidden with each task.

    All intervals are 95 % bootstrap intervals over families. What is known of the store alone, such
    as its space and the single cases, is left empty.
    """
    own = next((each for each in trials if each.ranker == ours), None)
    tasks = 0 if own is None else len(own.tasks)
    names = None if own is None or families is None else [families[task] for task in own.tasks]
    estimate = partial(over_tasks, families=names)
    scores = [] if own is None else [_score(each, own, estimate) for each in trials]
    verdict, sentence = judge_by(
        None if own is None else estimate(own.gain),
        [
            (each.name, each.gain, Estimate(each.ours_minus.gain, *each.ours_minus.ci.gain))
            for each in scores
            if each.ours_minus is not None
        ],
        tasks=tasks,
        families=tasks if names is None else len(set(names)),
    )
    others = [each for each in trials if each is not own]
    return Backtest(
        rankers=tuple(scores),
        coverage=() if own is None else tuple(_coverage(own, estimate)),
        abstention=None if own is None else _abstention(own, others, names),
        noise_ceiling=None if own is None else _noise_ceiling(own, estimate),
        tasks=tasks,
        models=0,
        folds=folds,
        probe=None,
        space=None,
        verdict=verdict,
        sentence=sentence,
        cases=(),
    )


def _score(trials: Trials, own: Trials, estimate: Callable[..., Estimate]) -> RankerScore:
    means = {name: estimate(of(trials)) for name, of in _MEASURES.items()}
    captured = None
    if trials.oracle.sum() > 0:
        captured = estimate(trials.gain, trials.oracle, statistic=ratio_of_sums)
        if not np.isfinite(captured.ends).all():
            # Some sets of these tasks have no headroom at all.
            captured = None
    ends = {name: mean.ends for name, mean in means.items()}
    return RankerScore.model_validate(
        {
            "name": trials.ranker,
            **{name: mean.value for name, mean in means.items()},
            "headroom_captured": captured and captured.value,
            "ci": RankerEnds(**ends, headroom_captured=captured and captured.ends),
            "ours_minus": None if trials is own else _advantage(trials, own, estimate),
        }
    )


def _advantage(trials: Trials, own: Trials, estimate: Callable[..., Estimate]) -> Advantage:
    tau, gain = estimate(own.tau - trials.tau), estimate(own.gain - trials.gain)
    return Advantage(
        weighted_kendall=tau.value,
        gain=gain.value,
        ci=AdvantageEnds(weighted_kendall=tau.ends, gain=gain.ends),
    )


def _coverage(own: Trials, estimate: Callable[..., Estimate]) -> list[Coverage]:
    shares = [
        (level, estimate(covered))
        for level, covered in zip(LEVELS, own.covered, strict=True)
        if np.isfinite(covered).all()
    ]
    return [Coverage(level=level, observed=each.value, ci=each.ends) for level, each in shares]


def _noise_ceiling(own: Trials, estimate: Callable[..., Estimate]) -> NoiseCeiling:
    """Return the weighted tau of gains with gains measured anew, as half of the evidence would.

    All of the evidence has less noise: a ranker may come out a little above it, and near it nobody
    can tell rankers apart.
    """
    ceiling = estimate(own.ceiling)
    return NoiseCeiling(weighted_kendall=ceiling.value, ci=ceiling.ends, estimated=True)


def _abstention(
    own: Trials, others: Sequence[Trials], families: Sequence[str] | None
) -> Abstention:
    """Return how often the default was taken, and what was missed against the best of the others.

    That is the one that gained most on those very tasks.
    """

    def estimate(values: Matrix, which: Mask) -> Estimate:
        some = None
        if families is not None:
            some = [family for family, counts in zip(families, which, strict=True) if counts]
        return over_tasks(values[which], families=some)

    silent: Mask = own.abstained
    loss = best = None
    if silent.any() and others:
        rival = max(others, key=lambda each: float(each.gain[silent].mean()))
        loss, best = estimate(rival.gain - own.gain, silent), rival.ranker
    otherwise = None if silent.all() else estimate(own.gain, ~silent)
    return Abstention(
        rate=float(silent.mean()),
        best_baseline=best,
        loss=loss and loss.value,
        gain_otherwise=otherwise and otherwise.value,
        ci=AbstentionEnds(loss=loss and loss.ends, gain_otherwise=otherwise and otherwise.ends),
    )


def judge_by(
    gain: Estimate | None,
    rivals: Sequence[tuple[str, float, Estimate]],
    *,
    tasks: int,
    families: int,
) -> tuple[Verdict, str]:
    """Judge by the gain of ours over the default and by its advantage over the best simple rule.

    Returns the verdict, and one sentence that gives its reason.

    Yes where both intervals are above 0, no where one is not above 0 anywhere: the simpler way is
    as good. The best rule is known in hindsight only, which favours it.

    Args:
        gain: of ours over always taking the default.
        rivals: name, mean gain, and the difference of ours to it, of every other ranker.
        tasks: how many tasks it rests on, of how many ``families``.
    """
    simple = [rival for rival in rivals if rival[0] != ALWAYS_DEFAULT]
    if tasks < LEAST_TASKS or gain is None or not simple:
        return Verdict.UNKNOWN, _too_few(tasks)
    if families < LEAST_FAMILIES:
        return Verdict.UNKNOWN, _too_alike(tasks, families)
    name, _, advantage = max(simple, key=lambda rival: rival[1])
    over_default = f"{_points(gain)} over always taking the default"
    over_rule = f"{_points(advantage)} over the best simple rule, {name}"
    if gain.low > 0 and advantage.low > 0:
        return (
            Verdict.YES,
            f"The recommender is worth using with these models: over {tasks} tasks its choices "
            f"gain {over_default}, and {over_rule}.",
        )
    if gain.high <= 0 or advantage.high <= 0:
        instead = "always taking the default" if gain.high <= 0 else name
        return (
            Verdict.NO,
            f"The recommender is not worth using with these models: {instead} is at least as "
            f"good. Over {tasks} tasks its choices gain {over_default}, and {over_rule}.",
        )
    return (
        Verdict.UNKNOWN,
        "These outcomes do not show whether the recommender is worth using: over "
        f"{tasks} tasks its choices gain {over_default}, and {over_rule}.",
    )


def _too_few(tasks: int) -> str:
    return (
        "These outcomes are too few to judge the recommender: it takes outcomes of the default and "
        f"of at least two other models on {LEAST_TASKS} tasks, and {plural(tasks, 'task')} "
        f"{'has' if tasks == 1 else 'have'} them. Record more: "
        "`task2vec outcomes add MODEL TASK --accuracy A`, or `task2vec outcomes import FILE.csv`."
    )


def _too_alike(tasks: int, families: int) -> str:
    return (
        "These outcomes are too much alike to judge the recommender: the "
        f"{tasks} tasks are of {plural(families, 'family')}, and it takes at least "
        f"{LEAST_FAMILIES}. Record outcomes on other kinds of tasks: "
        "`task2vec outcomes add MODEL TASK --accuracy A`. Where tasks are less alike than they "
        "look, name their families: `task2vec embed FOLDER --tag family:NAME --update`."
    )


def _points(estimate: Estimate) -> str:
    value, low, high = (100 * n for n in (estimate.value, *estimate.ends))
    return f"{value:+z.1f} points [{low:+z.1f}, {high:+z.1f}]"
