"""Ranks starting models for a target task by their expected gain over the plain default."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.messages.explanations import DefaultAccuracy, Explanation, KnownBy
from task2vec.messages.recommendations import Recommendation, Recommended, Step
from task2vec.recommend.answer.baselines import simple_rules
from task2vec.recommend.answer.belief import LEVEL, NORMAL_REACH, Judge, Judged
from task2vec.recommend.answer.evidence_text import Teller, why_abstained, why_taken
from task2vec.recommend.answer.influence import Influence
from task2vec.recommend.answer.question import Question
from task2vec.recommend.answer.score_breakdown import moves_of
from task2vec.recommend.prediction.fine_tuned_gain import expected_excess, fine_tuned_default


def rank(question: Question) -> Recommended:
    """Rank the models; take the default where no gain is sure enough to leave it.

    Gains follow `task2vec.recommend.gain_model`, linear probes on the target's own images being
    gains that were measured on it. Intervals are conformal over the tasks with outcomes, where
    there are enough of them, see `task2vec.recommend.prediction.conformal`.
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
        _recommendation(judge, judged, teller, predicted, place=i)
        for i in _told(judged, question, order)
    ]
    records = {model.name: model for model in judged.offered}
    named = {found.model: found for found in ranked}
    first = next(iter(ranked), None)
    chosen = "" if leader is None else judged.offered[leader].name
    abstained = leader is None or leader == judged.default
    if leader is None:
        reason = "no starting model passes the limits"
    elif abstained:
        # What surely gains by a linear probe, and is not taken, comes before what merely might.
        best = first if judged.best is None else named[judged.offered[judged.best].name]
        tie = best is not None and best.model in {judged.offered[i].name for i in judged.ties}
        reason = why_abstained(best, chosen, tie=tie)
    else:
        reason = why_taken(named[chosen])
        if judged.default is None:
            reason += "; the default does not pass the limits"
    # The answer comes first, whatever a score within the noise says.
    ranked.sort(key=lambda found: found.model != chosen)
    explanation = None
    if question.explain:
        shown = [records[found.model] for found in ranked[: question.k]]
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
        abstained=abstained,
        reason=reason,
        level=LEVEL,
        calibrated=judge.calibrated and predicted.calibrated,
        baselines=simple_rules(question),
        evidence_summary=teller.summary(),
        probed=len(question.measured),
        code="",
        steps=steps,
        explanation=explanation,
    )


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


def _default(question: Question, predicted: "_Predicted") -> DefaultAccuracy:
    known = [*question.models, *question.others]
    name = next((m.name for m in known if m.id == question.default), question.default)
    return DefaultAccuracy(model=name, accuracy=predicted.accuracy, known_by=predicted.known_by)


@dataclass(frozen=True)
class _Predicted:
    """The default's accuracy on the target, with what lies ``below`` and ``above`` it.

    ``known_by`` is as in `DefaultAccuracy`, ``tuned`` the same three numbers after fine-tuning, and
    ``images`` are those that a linear probe was tested on.
    """

    accuracy: float | None
    known_by: KnownBy | None
    below: float
    above: float
    calibrated: bool
    tuned: "_Tuned"
    images: int | None = None

    @classmethod
    def of(cls, judge: Judge) -> "_Predicted":
        question = judge.question
        # Fine-tuning is what a probe foretells: where it was done, its result comes first.
        if question.recorded is not None:
            accuracy, variance = question.recorded
            half = NORMAL_REACH * float(np.sqrt(variance))
            tuned = _Tuned(accuracy, half, half)
            return cls(accuracy, KnownBy.OUTCOMES, half, half, True, tuned)
        plain = question.measured.get(question.default)
        if plain is not None:
            count = len(plain.correct)
            p = float((plain.correct.sum() + 1) / (count + 2))
            half = NORMAL_REACH * float(np.sqrt(p * (1 - p) / count))
            tuned = _Tuned.of_probe(plain.accuracy, half, images=question.images)
            return cls(plain.accuracy, KnownBy.LINEAR_PROBE, half, half, True, tuned, count)
        found = judge.base()
        if found is None:
            return cls(None, None, 0.0, 0.0, True, _Tuned(None, 0.0, 0.0))
        base, base_reach, sure = found
        low, high = base.interval(base_reach)
        below, above = base.accuracy - low, high - base.accuracy
        # Outcomes elsewhere foretell what would be recorded here.
        tuned = _Tuned(base.accuracy, below, above)
        return cls(base.accuracy, KnownBy.OTHER_TASKS, below, above, sure, tuned)

    def with_gain(
        self, mean: float, half: float
    ) -> tuple[float | None, tuple[float, float] | None]:
        """Return the accuracy with a gain whose interval reaches ``half``, and its interval."""
        return _Tuned(self.accuracy, self.below, self.above).with_gain(mean, half)


@dataclass(frozen=True)
class _Tuned:
    """The default's accuracy after fine-tuning, with what lies ``below`` and ``above`` it."""

    accuracy: float | None
    below: float
    above: float

    @classmethod
    def of_probe(cls, accuracy: float, half: float, *, images: int) -> "_Tuned":
        """Foretell it from a linear probe whose interval reaches ``half`` to either side."""
        found, low, high = fine_tuned_default(accuracy, images=images, reach=NORMAL_REACH)
        return cls(found, float(np.hypot(found - low, half)), float(np.hypot(high - found, half)))

    def with_gain(
        self, mean: float, half: float
    ) -> tuple[float | None, tuple[float, float] | None]:
        """Return the accuracy with a gain whose interval reaches ``half``, and its interval."""
        if self.accuracy is None:
            return None, None
        middle = self.accuracy + mean
        below, above = float(np.hypot(self.below, half)), float(np.hypot(self.above, half))
        found = middle
        if mean or half:
            # The mean of what is possible: a clip at 0 or 1 would call certain what is a guess.
            sd = (below + above) / (2 * NORMAL_REACH)
            found = expected_excess(middle, sd) - expected_excess(middle - 1, sd)
        low, high = min(middle - below, found), max(middle + above, found)
        return found, (max(0.0, low), min(1.0, high))


def _recommendation(
    judge: Judge, judged: Judged, teller: Teller, predicted: _Predicted, *, place: int
) -> Recommendation:
    model = judged.offered[place]
    mean, sd = float(judged.belief.mean[place]), float(judged.belief.sd[place])
    half = judge.reach_of(measured=judged.measured[place]) * sd
    accuracy, interval = predicted.with_gain(mean, half)
    tuned = judged.fine_tuned[place]
    tuned_half = NORMAL_REACH * tuned.sd
    tuned_accuracy, tuned_interval = predicted.tuned.with_gain(tuned.mean, tuned_half)
    return Recommendation(
        model=model.name,
        ref=model.ref,
        score=mean,
        score_sd=sd,
        gain_interval=(mean - half, mean + half),
        predicted_accuracy=accuracy,
        interval=interval,
        fine_tuned_gain=tuned.mean,
        fine_tuned_interval=(tuned.mean - tuned_half, tuned.mean + tuned_half),
        fine_tuned_accuracy=tuned_accuracy,
        fine_tuned_accuracy_interval=tuned_interval,
        accuracy_images=predicted.images,
        evidence=teller.evidence(model),
    )
