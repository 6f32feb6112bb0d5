"""Ranks starting models for a target task by their expected gain over the plain default."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from task2vec.recommend.baselines import simple_rules
from task2vec.recommend.cascade import Step
from task2vec.recommend.explanation import DefaultAccuracy, Explanation, KnownBy
from task2vec.recommend.influence import Influence
from task2vec.recommend.judging import LEVEL, Judge, Judged
from task2vec.recommend.moves import moves_of
from task2vec.recommend.question import Question
from task2vec.recommend.recommendation import Recommendation, Recommended
from task2vec.recommend.telling import Teller, why_abstained


def rank(question: Question) -> Recommended:
    """Rank the models; take the default where no gain is sure enough to leave it.

    Gains follow `task2vec.recommend.gain_model`, linear probes on the target's own images being
    gains that were measured on it. Intervals are conformal over the tasks with outcomes, where
    there are enough of them, see `task2vec.recommend.conformal`.
    """
    judge = Judge(question)
    return answer_of(judge, judge.judge(probed=question.measured, tuned=question.tuned))


def answer_of(judge: Judge, judged: Judged, steps: tuple[Step, ...] = ()) -> Recommended:
    """Return the answer that a judgement amounts to, with the ``steps`` that led to it."""
    question = judge.question
    influence = Influence(judged)
    teller = Teller(question, influence)
    predicted = _Predicted.of(judge)
    leader = judged.leader
    order = np.lexsort((np.arange(len(judged.offered)), -judged.belief.mean)).tolist()
    ranked = [
        _recommendation(judged, teller, predicted, place=i) for i in _told(judged, question, order)
    ]
    records = {model.name: model for model in judged.offered}
    chosen = "" if leader is None else judged.offered[leader].name
    abstained = leader is None or leader == judged.default
    best = next(iter(ranked), None)
    if leader is None:
        reason = "no starting model passes the limits"
    elif abstained:
        reason = why_abstained(best, chosen)
    else:
        mean, sd = float(judged.belief.mean[leader]), float(judged.belief.sd[leader])
        reason = (
            f"{chosen} is expected to gain {100 * mean:+.1f} points "
            f"(standard deviation {100 * sd:.1f}) over the default"
        )
        if judged.default is None:
            reason += ", which does not pass the limits"
    # The answer comes first, whatever a score within the noise says.
    ranked.sort(key=lambda found: found.model != chosen)
    explanation = None
    if question.explain:
        first = [records[found.model] for found in ranked[: question.k]]
        explanation = Explanation(
            default=_default(question, predicted),
            outcomes=tuple(moves_of(question, influence, model) for model in first),
        )
    return Recommended(
        recommendations=tuple(ranked),
        chosen=chosen,
        abstained=abstained,
        reason=reason,
        level=LEVEL,
        calibrated=judge.calibrated and predicted.calibrated,
        baselines=simple_rules(question),
        evidence_summary=teller.summary(),
        probed=len(question.measured),
        steps=steps,
        explanation=explanation,
    )


def _told(judged: Judged, question: Question, order: Sequence[int]) -> list[int]:
    """Return the places of the models that are told of, as ``order`` has them.

    All count. But of a store's experts, hundreds perhaps, those that were measured on the target's
    images and the first ``k`` of the others are enough.
    """
    measured = {*question.measured, *question.tuned}
    others = [
        i
        for i in order
        if judged.offered[i].task is not None and judged.offered[i].id not in measured
    ]
    untold = {*others[question.k :]} - {judged.leader}
    return [i for i in order if i not in untold]


def _default(question: Question, predicted: "_Predicted") -> DefaultAccuracy:
    known = [*question.models, *question.others]
    name = next((m.name for m in known if m.id == question.default), question.default)
    return DefaultAccuracy(name, predicted.accuracy, predicted.known_by)


@dataclass(frozen=True)
class _Predicted:
    """The default's accuracy on the target, with what lies ``below`` and ``above`` it.

    ``known_by`` is as in `DefaultAccuracy`.
    """

    accuracy: float | None
    known_by: KnownBy | None
    below: float
    above: float
    reach: float
    calibrated: bool

    @classmethod
    def of(cls, judge: Judge) -> "_Predicted":
        question, reach = judge.question, judge.reach
        # What was left out of the gain model tells how far that errs, not how noisy the default's
        # own measurement is.
        own = NormalDist().inv_cdf((1 + LEVEL) / 2)
        # Fine-tuning is what a probe foretells: where it was done, its result comes first.
        if question.recorded is not None:
            accuracy, variance = question.recorded
            half = own * float(np.sqrt(variance))
            return cls(accuracy, KnownBy.OUTCOMES, half, half, reach, calibrated=True)
        plain = question.measured.get(question.default)
        if plain is not None:
            count = len(plain.correct)
            p = float((plain.correct.sum() + 1) / (count + 2))
            half = own * float(np.sqrt(p * (1 - p) / count))
            return cls(plain.accuracy, KnownBy.LINEAR_PROBE, half, half, reach, calibrated=True)
        found = judge.base()
        if found is None:
            return cls(None, None, 0.0, 0.0, reach, calibrated=True)
        base, base_reach, sure = found
        low, high = base.interval(base_reach)
        below, above = base.accuracy - low, high - base.accuracy
        return cls(base.accuracy, KnownBy.OTHER_TASKS, below, above, reach, sure)

    def with_gain(self, mean: float, sd: float) -> tuple[float | None, tuple[float, float] | None]:
        """Return the accuracy with a gain, and its interval."""
        if self.accuracy is None:
            return None, None
        found = float(np.clip(self.accuracy + mean, 0, 1))
        half = self.reach * sd
        low, high = found - np.hypot(self.below, half), found + np.hypot(self.above, half)
        return found, (max(0.0, float(low)), min(1.0, float(high)))


def _recommendation(
    judged: Judged, teller: Teller, predicted: _Predicted, *, place: int
) -> Recommendation:
    model = judged.offered[place]
    mean, sd = float(judged.belief.mean[place]), float(judged.belief.sd[place])
    accuracy, interval = predicted.with_gain(mean, sd)
    half = predicted.reach * sd
    return Recommendation(
        model=model.name,
        ref=model.ref,
        score=mean,
        score_sd=sd,
        gain_interval=(mean - half, mean + half),
        predicted_accuracy=accuracy,
        interval=interval,
        evidence=teller.evidence(model),
    )
