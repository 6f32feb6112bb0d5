"""Puts into words what an answer rests on, with the numbers behind each sentence."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from task2vec.data.wording import few, plural, shown
from task2vec.recommend.cascade import StepKind, Untried
from task2vec.recommend.influence import Influence
from task2vec.recommend.judging import LEVEL, gain_of
from task2vec.recommend.leaks import SEEN_GAIN
from task2vec.recommend.published.prior import prior_gain
from task2vec.recommend.question import TARGET_NAME, Question
from task2vec.recommend.rankers.hierarchical import MOST_SD
from task2vec.recommend.recommendation import Evidence, EvidenceKind, Recommendation
from task2vec.types import ModelRecord
from task2vec.types.tuning import Recipe

#: Outcomes that are told of a model, those that moved its score most; and the least that counts.
_MOST_TOLD, _LEAST_MOVED = 4, 0.001
#: Agreement, of either sign, from which on it is called so.
_LEAST_AGREED = 0.3


class Teller:
    """Tells what moved the scores of a question."""

    def __init__(self, question: Question, influence: Influence) -> None:
        self.question = question
        self._influence = influence
        self._model = influence.model
        self._world, self._target = influence.world, influence.target
        known = (*question.models, *question.others)
        self._names = {record.id: record.name for record in known}

    def evidence(self, model: ModelRecord, *, most: int = _MOST_TOLD) -> tuple[Evidence, ...]:
        """Return what the score of a model rests on; of outcomes the ``most`` that moved it."""
        if model.id == self.question.default:
            text = "the plain default, which gains are measured against"
            return (Evidence(EvidenceKind.NONE, text),)
        found = [*self._source(model), *self._published(model)]
        found += [*self._outcomes(model, most), *self._measured(model)]
        return tuple(found) or (Evidence(EvidenceKind.NONE, "no evidence: a gain of 0 is assumed"),)

    def summary(self) -> str:
        """Return how much there is to go by, in a sentence or two."""
        question = self.question
        experts = sum(model.task in question.tasks for model in question.models)
        text = (
            f"This answer rests on {plural(len(question.tasks), 'known task')}, "
            f"{plural(experts, 'expert')}, "
            f"{plural(question.gains.count, 'measured gain')} over the default and "
            f"{plural(len(question.measured), 'model')} probed on your images."
        )
        if question.tasks:
            nearest = min(question.tasks.values(), key=lambda task: (task.symmetric, task.name))
            at = f"{nearest.symmetric:.2f}, noise included"
            text += f" The nearest known task is {nearest.name} at {at}"
            far = nearest.symmetric > self._model.scales.reach
            text += "; none is near enough to say much." if far else "."
        if question.gains.count == 0:
            text += (
                " No gain is known yet: record what fine-tuning gave with `task2vec outcomes add`."
            )
        return text

    def _source(self, model: ModelRecord) -> list[Evidence]:
        source = self.question.tasks.get(model.task or "")
        if source is None:
            return []
        place = list(self.question.tasks).index(model.task or "")
        agreement = float(self._world.agreement[place, self._target])
        own, other = self.question.scatter, self.question.scatters.get(model.task or "")
        known = own is not None and other is not None and own.features == other.features
        near = source.symmetric <= self._model.scales.reach
        text = (
            f"fine-tuned on {source.name}, which is {'near' if near else 'not near'} "
            f"(symmetric distance {source.symmetric:.2f}, asymmetric {source.asymmetric:.2f})"
        )
        if known:
            text += f" and asks {_alike(agreement)} (agreement {agreement:+.2f})"
        return [
            Evidence(
                EvidenceKind.SOURCE_TASK,
                text,
                task=source.name,
                gain=self._influence.prior(model.id),
                distance=source.symmetric,
                agreement=agreement if known else None,
            )
        ]

    def _published(self, model: ModelRecord) -> list[Evidence]:
        found = prior_gain(model) if self.question.published else None
        if found is None:
            return []
        text = (
            f"its published accuracy on ImageNet lets expect {100 * found.mean:+.1f} points, "
            f"give or take {100 * found.sd:.1f}"
        )
        return [Evidence(EvidenceKind.PUBLISHED, text, gain=found.mean)]

    def _outcomes(self, model: ModelRecord, most: int) -> list[Evidence]:
        # What was measured on the target's images is told apart.
        moved = self._influence.moved(model.id)[: self._influence.outcomes]
        order = [
            i for i in np.argsort(-np.abs(moved), kind="stable") if abs(moved[i]) >= _LEAST_MOVED
        ]
        return [self._outcome(model, int(i), float(moved[i])) for i in order[:most]]

    def _outcome(self, model: ModelRecord, i: int, moved: float) -> Evidence:
        seen = self._model.seen
        task, other = int(seen.cells.tasks[i]), self._world.models[seen.cells.models[i]]
        gain, name = float(seen.gains[i]), self._world.tasks[task]
        distance = float(self._world.symmetric[task, self._target])
        whose = "" if other == model.id else f"{self._names[other]} "
        where = name if task == self._target else f"{name} at distance {distance:.2f}"
        return Evidence(
            EvidenceKind.OUTCOME,
            f"{whose}gained {100 * gain:+.1f} points on {where} (moves the score by "
            f"{100 * moved:+.1f})",
            task=None if name == TARGET_NAME else name,
            gain=gain,
            distance=distance,
            model=self._names[other],
            moved=moved,
        )

    def _measured(self, model: ModelRecord) -> list[Evidence]:
        question, told = self.question, []
        for kind, what, measured in (
            (EvidenceKind.LINEAR_PROBE, "cross-validated linear probe", question.measured),
            (EvidenceKind.FINE_TUNING, "short fine-tuning, tested", question.tuned),
        ):
            paired = gain_of(model.id, measured, question.default)
            if paired is None:
                continue
            found = measured[model.id]
            low, high = found.interval
            text = (
                f"{what} on {paired.images} of your images: "
                f"{100 * found.accuracy:.1f} % [{100 * low:.1f}, {100 * high:.1f}], "
                f"{100 * paired.gain:+.1f} points over the default"
            )
            frozen = [
                whose
                for whose, each in (
                    ("this model", found),
                    ("the default", measured[question.default]),
                )
                if each.recipe is Recipe.LINEAR_PROBE
            ]
            if frozen:
                text += f"; of {' and '.join(frozen)} a linear probe was the better recipe"
            evidence = Evidence(kind, text, gain=paired.gain, distance=0.0)
            if paired.lower_error is not None:
                plain = measured[question.default]
                both, _ = paired.with_error(classes=question.classes)
                text += f"; squared error {found.error:.2f}, the default's {plain.error:.2f}"
                evidence = replace(
                    evidence,
                    text=f"{text}: together {100 * both:+.1f} points",
                    error=found.error,
                    default_error=plain.error,
                    combined_gain=both,
                )
            seen = question.seen.get(model.id, 0.0)
            if seen:
                less = 100 * SEEN_GAIN * seen
                evidence = replace(
                    evidence,
                    text=f"{evidence.text}; counted {less:.1f} points lower, since it was trained "
                    f"on {100 * seen:.0f} % of your images",
                )
            told.append(evidence)
        return told


def _alike(agreement: float) -> str:
    if abs(agreement) < _LEAST_AGREED:
        return "something else of the features"
    return "the same of the features" if agreement > 0 else "what this task ignores"


def out_of_time(untried: Sequence[Untried]) -> str:
    """Return how many models a budget had no time for, with the names of the most promising.

    Also what each was expected to take, so that one sees which budget would do.
    """
    parts = []
    for kind, how in (
        (StepKind.FORWARD_PASS, "by a linear probe"),
        (StepKind.FINE_TUNING, "by a short fine-tuning"),
    ):
        left = [each for each in untried if each.kind is kind]
        if left:
            names = few([each.model for each in left], shown)
            most = max(each.seconds for each in left)
            took = f"some {float(f'{most:.2g}'):g} s{' each' if len(left) > 1 else ''}"
            parts.append(f"{plural(len(left), 'model')} {how} ({names}), {took}")
    return f"not tried for lack of time: {', '.join(parts)}"


def why_taken(model: Recommendation) -> str:
    """Return by how much a model is expected to gain, by a linear probe and by fine-tuning."""
    low, high = model.fine_tuned_interval
    return (
        f"{model.model} is expected to gain {100 * model.score:+.1f} points by a linear probe "
        f"(standard deviation {100 * model.score_sd:.1f}) and {100 * model.fine_tuned_gain:+.1f} "
        f"by fine-tuning ({100 * LEVEL:.0f} % interval {100 * low:+.1f} to {100 * high:+.1f}) "
        "over the default"
    )


def why_abstained(best: Recommendation | None, default: str, *, tie: bool) -> str:
    """Return why the default is taken, naming the model that comes nearest to leaving it.

    ``tie`` says that this model and the default got the same number of images right, to one.
    """
    if best is None or best.model == default or best.score <= 0:
        return f"nothing known is expected to do better than the default, {default}"
    if tie:
        return (
            f"{best.model} and the default, {default}, tie: on your images they differ by one "
            "right answer at most"
        )
    if best.score_sd > MOST_SD:
        return (
            f"nothing sure is known of a gain over the default, {default}: the best guess is "
            f"{best.model} at {100 * best.score:+.1f} points by a linear probe, but its 90 % "
            f"interval reaches from {100 * best.gain_interval[0]:+.0f} to "
            f"{100 * best.gain_interval[1]:+.0f}"
        )
    return (
        f"no gain over the default, {default}, is sure enough to leave it "
        f"({best.model}: {100 * best.score:+.1f} points by a linear probe, standard deviation "
        f"{100 * best.score_sd:.1f})"
    )
