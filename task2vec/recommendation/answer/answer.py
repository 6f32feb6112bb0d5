"""Ranks starting models for a target task by their expected gain over the plain default."""

from collections.abc import Sequence

import numpy as np

from task2vec.data.wording import plural
from task2vec.messages.explanations import DefaultAccuracy, Explanation
from task2vec.messages.recommendations import (
    Baseline,
    RecipePlan,
    Recommendation,
    Recommended,
    Step,
    StepKind,
)
from task2vec.recommendation.answer.belief import Judge, Judged
from task2vec.recommendation.answer.bundle_text import of_bundles
from task2vec.recommendation.answer.evidence_text import Teller, why_abstained, why_taken
from task2vec.recommendation.answer.measured_gains import gain_of
from task2vec.recommendation.answer.predicted_accuracy import PredictedAccuracy
from task2vec.recommendation.answer.question import Question
from task2vec.recommendation.answer.score_breakdown import Influence, moves_of
from task2vec.recommendation.answer.time_limit import time_sentence
from task2vec.recommendation.prediction.intervals import LEVEL, NORMAL_REACH
from task2vec.types.tuning import RECIPES, Recipe


def rank(question: Question) -> Recommended:
    """Rank the models; take the default where no gain is sure enough to leave it.

    Gains follow `task2vec.recommendation.gain_model`, linear probes on the target's own images
    being gains that were measured on it. Intervals are conformal over the tasks with outcomes,
    where there are enough of them, see `task2vec.recommendation.prediction.intervals`.
    """
    judge = Judge(question)
    return answer_of(judge, judge.judge(probed=question.measured, tuned=question.tuned))


def answer_of(judge: Judge, judged: Judged, steps: tuple[Step, ...] = ()) -> Recommended:
    """Return the answer that a judgement amounts to, with the ``steps`` that led to it."""
    question = judge.question
    influence = Influence(judged)
    teller = Teller(question, influence)
    predicted = judge.predicted(question.measured)
    leader = judged.leader
    order = np.lexsort((np.arange(len(judged.offered)), -judged.belief.mean)).tolist()
    ranked = [
        _recommendation(judged, teller, predicted, place=i) for i in _told(judged, question, order)
    ]
    records = {model.name: model for model in judged.offered}
    named = {each.model: each for each in ranked}
    first = next(iter(ranked), None)
    chosen = "" if leader is None else judged.offered[leader].name
    abstained = leader is None or leader == judged.default
    if leader is None:
        reason = "no starting model passes the limits"
    elif abstained:
        # What surely gains by a linear probe, and is not taken, comes before what merely might.
        best, recipe = first, None
        if judged.best is not None:
            best, recipe = named[judged.offered[judged.best].name], judged.recipe
        tie = None if best is None else _tie(judged, question, best.model)
        reason = why_abstained(best, chosen, recipe=recipe, tie=tie)
    else:
        reason = why_taken(named[chosen].plan(judged.recipe))
        if judged.default is None:
            reason += "; the default does not pass the limits"
    # The answer comes first, whatever a score within the noise says.
    ranked.sort(key=lambda each: each.model != chosen)
    explanation = None
    if question.explain:
        shown = [records[each.model] for each in ranked[: question.k]]
        explanation = Explanation(
            default=_default(question, predicted),
            outcomes=tuple(moves_of(question, influence, model) for model in shown),
            layers=(),
            classes=None,
            unknown=(),
            sentences=(),
        )
    return Recommended(
        task=question.name,
        recommendations=tuple(ranked),
        chosen=chosen,
        recipe=judged.recipe,
        abstained=abstained,
        reason=reason,
        time_reason=_time_reason(judged, question),
        level=LEVEL,
        calibrated=judge.calibrated and predicted.calibrated,
        baselines=simple_rules(question),
        evidence_summary=" ".join([teller.summary(), *of_bundles(question, influence, ranked)]),
        probed=len(question.measured),
        code="",
        steps=steps,
        explanation=explanation,
    )


def _tie(judged: Judged, question: Question, name: str) -> StepKind | None:
    """Return by which measurement a model and the default tie; None where they do not."""
    tied = next((judged.offered[i] for i in judged.ties if judged.offered[i].name == name), None)
    if tied is None:
        return None
    tuned = gain_of(tied.id, question.tuned, question.default) is not None
    return StepKind.FINE_TUNING if tuned else StepKind.FORWARD_PASS


def _told(judged: Judged, question: Question, order: Sequence[int]) -> list[int]:
    """Return the places of the models in the answer, as ``order`` has them.

    All count. But of a store's experts, hundreds perhaps, those that were measured on the target's
    images and the first ``k`` of the others are enough.
    """
    measured = {*question.measured, *question.tuned}
    others = [
        i
        for i in order
        if judged.offered[i].task is not None and judged.offered[i].id not in measured
    ]
    untold = {*others[question.k :]} - {judged.leader, judged.best}
    return [i for i in order if i not in untold]


def _default(question: Question, predicted: PredictedAccuracy) -> DefaultAccuracy:
    models = [*question.models, *question.others]
    name = next((m.name for m in models if m.id == question.default), question.default)
    return DefaultAccuracy(
        model=name, accuracy=predicted.by(Recipe.LINEAR_PROBE).accuracy, known_by=predicted.known_by
    )


def _recommendation(
    judged: Judged, teller: Teller, predicted: PredictedAccuracy, *, place: int
) -> Recommendation:
    model = judged.offered[place]
    seconds = teller.question.seconds.get(model.id, {})
    mean, sd = float(judged.belief.mean[place]), float(judged.belief.sd[place])
    return Recommendation(
        model=model.name,
        ref=model.ref,
        score=mean,
        score_sd=sd,
        plans=tuple(
            _plan(recipe, judged, predicted, place=place, seconds=seconds.get(recipe))
            for recipe in RECIPES
        ),
        accuracy_images=predicted.tested,
        accuracy_known_by=predicted.known_by,
        evidence=teller.evidence(model),
    )


def _plan(
    recipe: Recipe,
    judged: Judged,
    predicted: PredictedAccuracy,
    *,
    place: int,
    seconds: float | None,
) -> RecipePlan:
    gain = judged.gain_by(recipe, place)
    half = NORMAL_REACH * gain.sd
    accuracy, interval = predicted.by(recipe).with_gain(gain.mean, half)
    return RecipePlan(
        recipe=recipe,
        accuracy=accuracy,
        accuracy_interval=interval,
        gain=gain.mean,
        gain_interval=(gain.mean - half, gain.mean + half),
        seconds=seconds,
    )


def _time_reason(judged: Judged, question: Question) -> str | None:
    """Return which recipes and models there is no time for, in a sentence."""
    if judged.leader is None:
        return None
    best, offered = judged.best_without_limit, judged.offered
    slow = None
    if best in judged.slow and best is not None and judged.gains(best):
        slow = offered[best]
    return time_sentence(question, offered[judged.leader], judged.recipe, slow_best=slow)


def simple_rules(question: Question) -> tuple[Baseline, ...]:
    """Return what always the default, the best on average, and the nearest source would take."""
    return _always_default(question), _average_best(question), _nearest_only(question)


def _always_default(question: Question) -> Baseline:
    for model in question.models:
        if model.id == question.default:
            reason = "the default, for every task"
            return Baseline(rule="always_default", model=model.name, reason=reason)
    return Baseline(
        rule="always_default", model=None, reason="the default does not pass the limits"
    )


def _average_best(question: Question) -> Baseline:
    names = {model.id: model.name for model in question.models}
    averages = {m: average for m, average in question.gains.averages().items() if m in names}
    if not averages:
        return Baseline(rule="average_best", model=None, reason="no recorded outcomes")
    best = max(sorted(averages), key=lambda model: averages[model][0])
    gain, tasks = averages[best]
    return Baseline(
        rule="average_best",
        model=names[best],
        reason=f"gained {100 * gain:+z.1f} points on average over {plural(tasks, 'task')}",
    )


def _nearest_only(question: Question) -> Baseline:
    for task in question.nearest:
        expert = next((model for model in question.models if model.task == task), None)
        if expert is not None:
            name = question.tasks[task].name
            return Baseline(
                rule="nearest_only",
                model=expert.name,
                reason=f"the expert of {name}, the nearest task that has one",
            )
    return Baseline(rule="nearest_only", model=None, reason="no known task has an expert")
