"""Ranks starting models for a target task by their expected gain over the plain default."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from task2vec.recommend.baselines import simple_rules
from task2vec.recommend.conformal import conformal_reach
from task2vec.recommend.difficulty import Difficulty, errors_elsewhere, foretell
from task2vec.recommend.gain_model.fit import fit_gain_model
from task2vec.recommend.gain_model.kernel import Cells
from task2vec.recommend.gain_model.left_out import left_out
from task2vec.recommend.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommend.question import Question, outlines_of, world_of
from task2vec.recommend.rankers.hierarchical import TRUST
from task2vec.recommend.recommendation import Recommendation, Recommended
from task2vec.recommend.telling import Teller, why_abstained
from task2vec.recommend.world import Indices, Matrix
from task2vec.types import ModelRecord

#: What a linear probe on frozen features misses of the gain after fine-tuning: its variance.
PROBE_VARIANCE = 0.02**2
#: The share of outcomes that intervals are to hold.
LEVEL = 0.9
#: Known accuracies of the default on other tasks that its accuracy on this one is foretold from.
_LEAST_TASKS = 5


def rank(question: Question) -> Recommended:
    """Rank the models; take the default where nothing known is better beyond its noise.

    Gains follow `task2vec.recommend.gain_model`, linear probes on the target's own images being
    gains that were measured on it. Intervals are conformal over the tasks with outcomes, where
    there are enough of them, see `task2vec.recommend.conformal`.
    """
    offered = question.offered()
    judged = _judge(question, offered)
    teller = Teller(question, judged.model)
    ranked = sorted(
        (_recommendation(model, judged, teller, place=i) for i, model in enumerate(offered)),
        key=lambda found: (-found.score, found.model),
    )
    default = next((model for model in question.models if model.id == question.default), None)
    # A model that is surely somewhat better must not hide behind one that might be more.
    best = next((found for found in ranked if found.score > TRUST * found.score_sd), None)
    abstained, chosen = False, ""
    if best is None and default is None:
        # There is no default to fall back to: the best of the rest, however unsure.
        best = next(iter(ranked), None)
    if best is not None and (default is None or best.model != default.name):
        chosen = best.model
        reason = (
            f"{best.model} is expected to gain {100 * best.score:+.1f} points "
            f"(standard deviation {100 * best.score_sd:.1f}) over the default"
        )
        if default is None:
            reason += ", which does not pass the limits"
    elif default is not None:
        abstained, chosen = True, default.name
        reason = why_abstained(next(iter(ranked), None), default.name)
    else:
        abstained, reason = True, "no starting model passes the limits"
    # The answer comes first, whatever a score within the noise says.
    ranked.sort(key=lambda found: found.model != chosen)
    return Recommended(
        recommendations=tuple(ranked),
        chosen=chosen,
        abstained=abstained,
        reason=reason,
        level=LEVEL,
        calibrated=judged.calibrated,
        baselines=simple_rules(question),
        evidence_summary=teller.summary(),
    )


@dataclass(frozen=True, eq=False)
class _Judged:
    """What is thought of the offered models, in their order, and how far intervals reach."""

    model: GainModel
    belief: Belief
    reach: float
    calibrated: bool
    base: Difficulty | None
    base_reach: float


def _judge(question: Question, offered: list[ModelRecord]) -> _Judged:
    world = world_of(question)
    target = len(world.tasks) - 1
    fitted = fit_gain_model(world, target=target)
    elsewhere = left_out(fitted)
    reach, calibrated = _reach(elsewhere.errors, elsewhere.tasks)
    number = {id_: i for i, id_ in enumerate(world.models)}
    probed = [
        (number[id_], found)
        for id_ in question.measured
        if id_ in number and (found := question.probed_gain(id_)) is not None
    ]
    model = fitted
    if probed:
        more = Seen(
            Cells(np.array([i for i, _ in probed]), np.full(len(probed), target)),
            np.array([found.gain for _, found in probed]),
            np.array([found.variance + PROBE_VARIANCE for _, found in probed]),
        )
        model = GainModel(world, fitted.scales, fitted.seen.with_more(more))
    rows = np.array([number[each.id] for each in offered], dtype=np.int64)
    belief = model.believe(Cells(rows, np.full(len(rows), target)))
    plain = question.measured.get(question.default)
    base, base_reach = None, 0.0
    if plain is None and np.isfinite(world.base).sum() >= _LEAST_TASKS:
        outlines = outlines_of(question, world)
        base = foretell(outlines, world.base, target=target)
        base_reach, sure = _reach(*errors_elsewhere(outlines, world.base))
        calibrated &= sure
    return _Judged(model, belief, reach, calibrated, base, base_reach)


def _reach(errors: Matrix, tasks: Indices) -> tuple[float, bool]:
    """Return how many standard deviations an interval reaches, and whether outcomes say so."""
    reach = conformal_reach(errors, tasks, level=LEVEL)
    if np.isfinite(reach):
        return reach, True
    return NormalDist().inv_cdf((1 + LEVEL) / 2), False


def _recommendation(
    model: ModelRecord, judged: _Judged, teller: Teller, *, place: int
) -> Recommendation:
    is_default = model.id == teller.question.default
    mean = 0.0 if is_default else float(judged.belief.mean[place])
    sd = 0.0 if is_default else float(judged.belief.sd[place])
    half = judged.reach * sd
    accuracy, interval = _prediction(teller.question, judged, mean, half)
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


def _prediction(
    question: Question, judged: _Judged, gain: float, half: float
) -> tuple[float | None, tuple[float, float] | None]:
    """Return the accuracy that is expected, and its interval: the default's, and the gain."""
    plain = question.measured.get(question.default)
    if plain is not None:
        count = len(plain.correct)
        p = float((plain.correct.sum() + 1) / (count + 2))
        base, below = plain.accuracy, judged.reach * np.sqrt(p * (1 - p) / count)
        above = below
    elif judged.base is not None:
        base = judged.base.accuracy
        low, high = judged.base.interval(judged.base_reach)
        below, above = base - low, high - base
    else:
        return None, None
    accuracy = float(np.clip(base + gain, 0, 1))
    reach: Matrix = np.hypot([below, above], half)
    return accuracy, (
        max(0.0, accuracy - float(reach[0])),
        min(1.0, accuracy + float(reach[1])),
    )
