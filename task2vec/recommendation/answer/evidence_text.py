"""The evidence of an answer in words, with the numbers behind each sentence.

No sentence gives a distance: the ranker works with plain ones, which noise raises, and people read
corrected ones everywhere else. `Evidence.distance` has the plain one.
"""

from collections.abc import Sequence

import numpy as np

from task2vec.data.wording import few, plural, shown
from task2vec.messages.models import Model
from task2vec.messages.recommendations import (
    Evidence,
    EvidenceKind,
    RecipePlan,
    Recommendation,
    StepKind,
    Untried,
)
from task2vec.recommendation.answer.measured_gains import gain_of
from task2vec.recommendation.answer.question import TARGET_NAME, Question
from task2vec.recommendation.answer.score_breakdown import Influence
from task2vec.recommendation.evidence.leaks import SEEN_GAIN
from task2vec.recommendation.prediction.intervals import LEVEL, NORMAL_REACH
from task2vec.recommendation.published.prior import prior_gain
from task2vec.recommendation.rankers import LEAST_GAIN, MOST_SD
from task2vec.types.tuning import TRAINED, Recipe

#: How many outcomes are listed per model, those that moved its score most; and the least that
#: counts.
_MOST_TOLD, _LEAST_MOVED = 4, 0.001
#: The least agreement, of either sign, that is called one.
_LEAST_AGREED = 0.3
#: How a measurement begins that tells no difference.
_TIED_BY = {
    StepKind.FORWARD_PASS: "with a linear probe",
    StepKind.FINE_TUNING: "after a short fine-tuning",
}


class Teller:
    """The words for the evidence of a question."""

    def __init__(self, question: Question, influence: Influence) -> None:
        self.question = question
        self._influence = influence
        self._model = influence.model
        self._world, self._target = influence.world, influence.target
        records = (*question.models, *question.others)
        self._names = {record.id: record.name for record in records}

    def evidence(self, model: Model, *, most: int = _MOST_TOLD) -> tuple[Evidence, ...]:
        """Return the evidence for the score of a model, with at most ``most`` outcomes."""
        if model.id == self.question.default:
            text = "the default, which all gains are measured against"
            return (Evidence(kind=EvidenceKind.NONE, text=text),)
        pieces = [*self._source(model), *self._published(model)]
        pieces += [*self._outcomes(model, most), *self._measured(model)]
        if not pieces:
            text = "nothing is known about it, so a gain of 0 is assumed"
            pieces = [Evidence(kind=EvidenceKind.NONE, text=text)]
        return tuple(pieces)

    def summary(self) -> str:
        """Return how much evidence there is, in one to three sentences."""
        question = self.question
        experts = sum(model.task in question.tasks for model in question.models)
        text = (
            f"This answer uses {plural(len(question.tasks), 'known task')}, "
            f"{plural(experts, 'expert')}, "
            f"{plural(question.gains.count, 'measured gain')} over the default and "
            f"{plural(len(question.measured), 'model')} probed on your images."
        )
        if question.tasks:
            nearest = min(question.tasks.values(), key=lambda task: (task.symmetric, task.name))
            text += f" The nearest known task is {shown(nearest.name)}"
            far = nearest.symmetric > self._model.scales.reach
            text += ", which is too far to say much." if far else "."
        if question.gains.count == 0:
            text += (
                " No gain has been recorded yet. A gain needs an outcome of the model and one of "
                "the default on the same task: `task2vec outcomes add MODEL TASK --accuracy A`."
            )
        return text

    def _source(self, model: Model) -> list[Evidence]:
        source = self.question.tasks.get(model.task or "")
        if source is None:
            return []
        place = list(self.question.tasks).index(model.task or "")
        agreement = float(self._world.agreement[place, self._target])
        own, other = self.question.scatter, self.question.scatters.get(model.task or "")
        comparable = own is not None and other is not None and own.features == other.features
        near = source.symmetric <= self._model.scales.reach
        text = f"fine-tuned on {source.name}, which is {'near' if near else 'not near'}"
        if comparable:
            text += f" and needs {_alike(agreement)} (agreement {agreement:+.2f})"
        return [
            Evidence(
                kind=EvidenceKind.SOURCE_TASK,
                text=text,
                task=source.name,
                gain=self._influence.prior(model.id),
                distance=source.symmetric,
                agreement=agreement if comparable else None,
            )
        ]

    def _published(self, model: Model) -> list[Evidence]:
        prior = prior_gain(model) if self.question.published else None
        if prior is None:
            return []
        half = NORMAL_REACH * prior.sd
        text = (
            f"its published accuracy on ImageNet suggests a gain of {_points(prior.mean)} "
            f"{_interval((prior.mean - half, prior.mean + half))}"
        )
        return [Evidence(kind=EvidenceKind.PUBLISHED, text=text, gain=prior.mean)]

    def _outcomes(self, model: Model, most: int) -> list[Evidence]:
        # What was measured on the target's images has evidence of its own.
        moved = self._influence.moved(model.id)[: self._influence.outcomes]
        order = [
            i for i in np.argsort(-np.abs(moved), kind="stable") if abs(moved[i]) >= _LEAST_MOVED
        ]
        return [self._outcome(model, int(i), float(moved[i])) for i in order[:most]]

    def _outcome(self, model: Model, i: int, moved: float) -> Evidence:
        seen = self._model.seen
        task, other = int(seen.cells.tasks[i]), self._world.models[seen.cells.models[i]]
        gain, name = float(seen.gains[i]), self._world.tasks[task]
        distance = float(self._world.symmetric[task, self._target])
        whose = "" if other == model.id else f"{self._names[other]} "
        return Evidence(
            kind=EvidenceKind.OUTCOME,
            text=f"{whose}gained {_points(gain)} on {name}, which moves the expected gain by "
            f"{100 * moved:+z.1f}",
            task=None if name == TARGET_NAME else name,
            gain=gain,
            distance=distance,
            model=self._names[other],
            moved=moved,
        )

    def _measured(self, model: Model) -> list[Evidence]:
        question, pieces = self.question, []
        for kind, what, measured in (
            (EvidenceKind.LINEAR_PROBE, "a linear probe, cross-validated", question.measured),
            (EvidenceKind.FINE_TUNING, "a short fine-tuning, tested", question.tuned),
        ):
            paired = gain_of(model.id, measured, question.default)
            if paired is None:
                continue
            own = measured[model.id]
            low, high = own.interval(level=LEVEL)
            text = (
                f"{what} on {paired.images} of your images, has {100 * own.accuracy:.1f} % right "
                f"({100 * LEVEL:.0f} % interval {100 * low:.1f} to {100 * high:.1f}), "
                f"{_points(paired.gain)} over the default"
            )
            frozen = [
                whose
                for whose, each in (
                    ("this model", own),
                    ("the default", measured[question.default]),
                )
                if each.recipe is Recipe.LINEAR_PROBE
            ]
            if frozen:
                text += f"; for {' and '.join(frozen)} it kept a linear probe, which did better"
            more = {}
            if paired.lower_error is not None:
                plain = measured[question.default]
                both, _ = paired.with_error(classes=question.classes)
                text += (
                    f"; the squared error of its predictions is {own.error:.2f} (the default's: "
                    f"{plain.error:.2f}); both together count as {_points(both)}"
                )
                more = {
                    "error": own.error,
                    "default_error": plain.error,
                    "combined_gain": both,
                }
            seen = question.seen.get(model.id, 0.0)
            if seen:
                text += (
                    f"; {100 * SEEN_GAIN * seen:.1f} points are taken off, because it was trained "
                    f"on {100 * seen:.0f} % of your images"
                )
            pieces.append(
                Evidence(
                    kind=kind,
                    text=text,
                    gain=paired.gain,
                    distance=0.0,
                    images=paired.images,
                    **more,
                )
            )
        return pieces


def _alike(agreement: float) -> str:
    if abs(agreement) < _LEAST_AGREED:
        return "other features than your task"
    return "the same features as your task" if agreement > 0 else "features that your task ignores"


def out_of_time(untried: Sequence[Untried]) -> str:
    """Return how many models a budget had no time for."""
    parts = []
    for kind, how in (
        (StepKind.FORWARD_PASS, "by a linear probe"),
        (StepKind.FINE_TUNING, "by a short fine-tuning"),
    ):
        left = [each.model for each in untried if each.kind == kind]
        if left:
            parts.append(f"{plural(len(left), 'model')} {how} ({few(left, shown)})")
    return f"not measured for lack of time: {', '.join(parts)}"


def next_budget(*, least: float, needed: float) -> str:
    """Return the budgets that measure more: ``least`` seconds one more, ``needed`` seconds all."""
    if least >= needed:
        return f"Next time a budget of {_seconds(needed)} is enough"
    return f"Next time a budget of {_seconds(least)} measures more, one of {_seconds(needed)} all"


def _seconds(seconds: float) -> str:
    text = f"{seconds:.0f} seconds"
    return text if seconds < 120 else f"{text} ({seconds / 60:.0f} minutes)"


def why_taken(plan: RecipePlan) -> str:
    """Return by how much a model is expected to beat the default, both trained by one recipe."""
    return (
        f"expected gain over the default, {TRAINED[plan.recipe]}: {_points(plan.gain)} "
        f"{_interval(plan.gain_interval)}"
    )


def why_abstained(
    best: Recommendation | None, default: str, *, recipe: Recipe | None, tie: StepKind | None
) -> str:
    """Return why the default is taken, naming the model that comes nearest to beating it.

    ``recipe`` is the one by which that model gains too little; None where it does so by a linear
    probe already. ``tie`` is the measurement in which the numbers of images that both got right
    differ by at most one; None where they do not tie.
    """
    if best is None or best.model == default or best.score <= 0:
        return f"no known model is expected to do better than the default, {default}"
    if recipe is not None:
        plan = best.plan(recipe)
        if plan.gain >= LEAST_GAIN:
            return (
                f"{TRAINED[recipe]}, no model surely gains over the default, {default}: the best "
                f"is {best.model}, expected to gain {_points(plan.gain)} "
                f"{_interval(plan.gain_interval)}"
            )
        return (
            f"{TRAINED[recipe]}, no model is expected to gain half a point over the default, "
            f"{default}: {best.model} gains {_points(best.score)} with a linear probe, of which "
            f"{_points(plan.gain)} is left"
        )
    if tie is not None:
        return (
            f"the default, {default}, and {best.model} tie: {_TIED_BY[tie]} they get the same "
            "number of your images right, give or take one"
        )
    if best.score_sd > MOST_SD:
        return (
            f"too little is known to leave the default, {default}: the best guess is "
            f"{best.model}, expected to gain {_linear_probe(best)}"
        )
    return (
        f"no model gains enough to leave the default, {default}: the best is {best.model}, "
        f"expected to gain {_linear_probe(best)}"
    )


def _linear_probe(model: Recommendation) -> str:
    plan = model.plan(Recipe.LINEAR_PROBE)
    return f"{_points(model.score)} with a linear probe {_interval(plan.gain_interval)}"


def _points(gain: float) -> str:
    return f"{100 * gain:+z.1f} points"


def _interval(ends: tuple[float, float]) -> str:
    low, high = ends
    return f"({100 * LEVEL:.0f} % interval {100 * low:+z.1f} to {100 * high:+z.1f})"
