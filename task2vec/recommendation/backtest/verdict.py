"""One sentence: is the recommender worth using?"""

from collections.abc import Sequence
from dataclasses import dataclass

from task2vec.data.wording import plural
from task2vec.recommendation.backtest.bootstrap import Estimate
from task2vec.types.backtests import Verdict

#: Of fewer tasks an interval says nothing. Of fewer families a 95 % bootstrap interval is no more
#: than their range: each family alone is drawn in 1 of 27 resamples of three.
LEAST_TASKS, LEAST_FAMILIES = 8, 4
#: The rule that is nearest at hand.
ALWAYS_DEFAULT = "always_default"


@dataclass(frozen=True)
class Judgement:
    """A verdict, and the sentence that gives its reason."""

    verdict: Verdict
    sentence: str


def judge_by(
    gain: Estimate | None,
    rivals: Sequence[tuple[str, float, Estimate]],
    *,
    tasks: int,
    families: int,
) -> Judgement:
    """Judge by the gain of ours over the default and by its advantage over the best simple rule.

    Yes where both intervals are above 0, no where one is not above 0 anywhere: the simpler way is
    as good. The best rule is known in hindsight only, which favours it.

    Args:
        gain: of ours over always taking the default.
        rivals: name, mean gain, and the difference of ours to it, of every other ranker.
        tasks: how many tasks it rests on, of how many ``families``.
    """
    simple = [rival for rival in rivals if rival[0] != ALWAYS_DEFAULT]
    if tasks < LEAST_TASKS or gain is None or not simple:
        return Judgement(Verdict.UNKNOWN, _too_few(tasks))
    if families < LEAST_FAMILIES:
        return Judgement(Verdict.UNKNOWN, _too_alike(tasks, families))
    name, _, advantage = max(simple, key=lambda rival: rival[1])
    over_default = f"{_points(gain)} over always taking the default"
    over_rule = f"{_points(advantage)} over the best simple rule, {name}"
    if gain.low > 0 and advantage.low > 0:
        return Judgement(
            Verdict.YES,
            f"The recommender is worth using with these models: over {tasks} tasks its choices "
            f"gain {over_default}, and {over_rule}.",
        )
    if gain.high <= 0 or advantage.high <= 0:
        instead = "always taking the default" if gain.high <= 0 else name
        return Judgement(
            Verdict.NO,
            f"The recommender is not worth using with these models: {instead} is at least as "
            f"good. Over {tasks} tasks its choices gain {over_default}, and {over_rule}.",
        )
    return Judgement(
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
