"""Ranks starting models for a target task by their expected gain over the plain default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from task2vec.data.wording import plural
from task2vec.recommend.baselines import simple_rules
from task2vec.recommend.gains import (
    REACH,
    SPREAD,
    Belief,
    GainTable,
    Observation,
    likeness,
    update,
)
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.recommendation import (
    Evidence,
    EvidenceKind,
    Recommendation,
    Recommended,
)
from task2vec.types import ModelRecord

# The constants are measured: see docs/adr/0022-depthwise-filters.md.
#: What an expert gains on a task like its own, and on one that is not, before any outcome.
NEAR_GAIN = 0.19
FAR_GAIN = -0.07
#: A gain is trusted when it is this many standard deviations above 0.
TRUST = 0.8
#: What a linear probe on frozen features misses of the gain after fine-tuning.
PROBE_VARIANCE = 0.02**2


@dataclass(frozen=True)
class Distances:
    """Of a stored task to the target: symmetric, and asymmetric with the stored task as source."""

    name: str
    symmetric: float
    asymmetric: float


@dataclass(frozen=True)
class Question:
    """All that is known about a target when starting models are ranked for it.

    ``default`` is the id of the plain default model; ``distances`` are of the stored tasks, by id,
    the target itself left out; ``measured`` holds linear probes on the target's own images, by
    model id; ``k`` bounds the source tasks that count.
    """

    models: Sequence[ModelRecord]
    default: str
    distances: Mapping[str, Distances]
    gains: GainTable
    measured: Mapping[str, ProbeAccuracy] = field(default_factory=dict)
    target: str | None = None
    k: int = 5


def rank(question: Question) -> Recommended:
    """Rank the models; take the default where nothing known is better beyond its noise.

    The prior of a plain model is a gain of 0; that of an expert falls with the distance of its own
    task from a gain to a loss, and only experts of the ``k`` nearest sources by asymmetric distance
    are offered. Measured gains on near tasks and on the target itself update it, see
    `task2vec.recommend.gains.update`.
    """
    near = sorted(question.distances, key=lambda task: question.distances[task].asymmetric)
    nearest = near[: question.k]
    by_id = {model.id: model for model in question.models}
    offered = [
        model
        for model in question.models
        if model.task is None or model.task in nearest or model.id in question.measured
    ]
    ranked = sorted(
        (_judge(model, question, nearest) for model in offered),
        key=lambda found: (-found.score, found.model),
    )
    default = by_id.get(question.default)
    # A model measured to be somewhat better must not hide behind an untried one that might be more.
    sure = [found for found in ranked if found.score > TRUST * found.score_sd]
    best = next(iter(sure or ranked), None)
    confident = bool(sure)
    if default is not None and (best is None or best.model == default.name or not confident):
        abstained, chosen = True, default.name
        reason = _why_abstained(best, default.name)
        # The answer comes first, whatever a score within the noise says.
        ranked.sort(key=lambda found: found.model != chosen)
    elif best is None:
        abstained, chosen, reason = True, "", "no starting model passes the limits"
    else:
        abstained, chosen = False, best.model
        ranked.sort(key=lambda found: found.model != chosen)
        reason = (
            f"{best.model} is expected to gain {100 * best.score:+.1f} points "
            f"(standard deviation {100 * best.score_sd:.1f}) over the default"
        )
        if default is None:
            reason += ", which does not pass the limits"
    return Recommended(
        recommendations=tuple(ranked),
        chosen=chosen,
        abstained=abstained,
        reason=reason,
        baselines=simple_rules(
            question.models,
            default=question.default,
            gains=question.gains,
            nearest_sources=near,
            names={task: d.name for task, d in question.distances.items()},
        ),
        evidence_summary=_how_much(question),
    )


def _judge(model: ModelRecord, question: Question, nearest: Sequence[str]) -> Recommendation:
    evidence: list[Evidence] = []
    observations: list[Observation] = []
    if model.id == question.default:
        belief = Belief(0.0, 0.0)
        evidence.append(
            Evidence(EvidenceKind.NONE, "the plain default, which gains are measured against")
        )
    else:
        prior = _prior(model, question, evidence)
        tasks = [*nearest, *([question.target] if question.target else [])]
        for task in tasks:
            known = question.distances.get(task)
            distance = known.symmetric if known else 0.0
            name = known.name if known else "this task"
            for gain, variance in question.gains.of(model.id, task):
                observations.append(Observation(gain, variance, distance))
                evidence.append(
                    Evidence(
                        EvidenceKind.OUTCOME,
                        f"gained {100 * gain:+.1f} points on {name} at distance {distance:.2f}",
                        task=name,
                        gain=gain,
                        distance=distance,
                    )
                )
        observations += _measured(model, question, evidence)
        belief = update(prior, observations)
    accuracy, interval = _prediction(question, belief)
    if not evidence:
        evidence.append(Evidence(EvidenceKind.NONE, "no evidence: a gain of 0 is assumed"))
    return Recommendation(
        model=model.name,
        ref=model.ref,
        score=belief.mean,
        score_sd=belief.sd,
        predicted_accuracy=accuracy,
        interval=interval,
        evidence=tuple(evidence),
    )


def _prior(model: ModelRecord, question: Question, evidence: list[Evidence]) -> Belief:
    if model.task is None or model.task not in question.distances:
        return Belief(0.0, SPREAD)
    source = question.distances[model.task]
    alike = likeness(source.symmetric)
    expected = FAR_GAIN + (NEAR_GAIN - FAR_GAIN) * alike
    nearness = "near" if source.symmetric <= REACH else "not near"
    evidence.append(
        Evidence(
            EvidenceKind.SOURCE_TASK,
            f"fine-tuned on {source.name}, which is {nearness} "
            f"(symmetric distance {source.symmetric:.2f}, asymmetric {source.asymmetric:.2f})",
            task=source.name,
            gain=expected,
            distance=source.symmetric,
        )
    )
    return Belief(expected, SPREAD)


def _measured(
    model: ModelRecord, question: Question, evidence: list[Evidence]
) -> list[Observation]:
    found, plain = question.measured.get(model.id), question.measured.get(question.default)
    if found is None or plain is None:
        return []
    difference = found.correct.astype(float) - plain.correct.astype(float)
    gain = float(difference.mean())
    # One won and one lost image more than seen: n equal answers do not prove equality.
    variance = (float((difference**2).sum()) + 2) / len(difference) ** 2 - gain**2 / len(difference)
    low, high = found.interval
    evidence.append(
        Evidence(
            EvidenceKind.LINEAR_PROBE,
            f"cross-validated linear probe on {len(difference)} of your images: "
            f"{100 * found.accuracy:.1f} % [{100 * low:.1f}, {100 * high:.1f}], "
            f"{100 * gain:+.1f} points over the default",
            gain=gain,
            distance=0.0,
        )
    )
    return [Observation(gain, variance + PROBE_VARIANCE, 0.0)]


def _prediction(
    question: Question, belief: Belief
) -> tuple[float | None, tuple[float, float] | None]:
    plain = question.measured.get(question.default)
    if plain is None:
        return None, None
    count = len(plain.correct)
    p = (plain.correct.sum() + 1) / (count + 2)
    half = 1.96 * sqrt(float(p * (1 - p)) / count + belief.sd**2)
    accuracy = float(np.clip(plain.accuracy + belief.mean, 0, 1))
    return accuracy, (max(0.0, accuracy - half), min(1.0, accuracy + half))


def _why_abstained(best: Recommendation | None, default: str) -> str:
    if best is None or best.model == default:
        return f"take the default, {default}: nothing known is expected to do better"
    return (
        f"take the default, {default}: nothing known is better beyond its noise "
        f"({best.model}: {100 * best.score:+.1f} points, standard deviation "
        f"{100 * best.score_sd:.1f})"
    )


def _how_much(question: Question) -> str:
    experts = sum(model.task in question.distances for model in question.models if model.task)
    parts = [
        plural(len(question.distances), "known task"),
        plural(experts, "expert"),
        f"{plural(question.gains.count, 'measured gain')} over the default",
        f"{plural(len(question.measured), 'model')} probed on your images",
    ]
    text = "This answer rests on " + ", ".join(parts[:-1]) + f" and {parts[-1]}."
    if question.distances:
        closest = min(question.distances.values(), key=lambda known: known.symmetric)
        far = "" if closest.symmetric <= REACH else "; none is near enough to say much"
        text += f" The nearest known task is {closest.name} at {closest.symmetric:.2f}{far}."
    if question.gains.count == 0:
        text += (
            " No gain is known yet: record outcomes of the default and of others on the same task "
            "with `task2vec outcomes add`."
        )
    return text
