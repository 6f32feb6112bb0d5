"""Expectations about the offered models: the gain model, fitted once, updated by measurements."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from task2vec.messages.models import Model
from task2vec.messages.recommendations import EvidenceKind
from task2vec.recommendation.answer.question import Question, outlines_of, world_of
from task2vec.recommendation.evidence.leaks import SEEN_GAIN
from task2vec.recommendation.evidence.world import Indices
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.gain_model.kernel import Cells
from task2vec.recommendation.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommendation.measure.probe_accuracy import (
    PairedGain,
    ProbeAccuracy,
    noise_parts,
    paired_gain,
)
from task2vec.recommendation.prediction.difficulty import (
    LEAST_TASKS,
    Difficulty,
    errors_elsewhere,
    foretell,
)
from task2vec.recommendation.prediction.fine_tuned_gain import (
    OWN_SD,
    FineTunedGain,
    fine_tuned_gain,
)
from task2vec.recommendation.prediction.intervals import interval_reach
from task2vec.recommendation.rankers import TRUST, surely_best

#: What a short fine-tuning misses of the gain that a full one will measure: a variance.
SHORT_VARIANCE = 0.01**2
#: The share of outcomes that intervals are to hold.
LEVEL = 0.9
#: How many standard deviations an interval of `LEVEL` reaches where no errors elsewhere tell.
NORMAL_REACH = NormalDist().inv_cdf((1 + LEVEL) / 2)

#: Which test images each model got right, by model id.
Measured = Mapping[str, ProbeAccuracy]


@dataclass(frozen=True, eq=False)
class Judged:
    """The belief in the gains of the ``offered`` models, in their order; the default's is exact.

    ``model`` is the gain model that it comes from; the last of the gains that it has seen are
    ``measurements`` on the target's own images, of these kinds. ``measured`` (n,) says which of the
    offered models they are of. ``ties`` are the places of models that got as many of these images
    right as the default did, to one image, and for which nothing else speaks by a standard
    deviation: neither their squared errors nor other tasks. ``fine_tuned`` returns the gain that
    fine-tuning the offered model at a place is expected to show.
    """

    offered: Sequence[Model]
    default: int | None
    model: GainModel
    belief: Belief
    measurements: tuple[EvidenceKind, ...]
    measured: tuple[bool, ...]
    ties: frozenset[int]
    fine_tuned: Callable[[int], FineTunedGain]

    @property
    def best(self) -> int | None:
        """The model that surely gains most by a linear probe; None without one. A tie is none."""
        mean = self.belief.mean.copy()
        if self.default is not None:
            mean[[*self.ties]] = np.minimum(mean[[*self.ties]], 0.0)
        return surely_best(mean, self.belief.sd, trust=TRUST)

    @property
    def leader(self) -> int | None:
        """The model to take: the `best` if fine-tuning it gains, else the default.

        People fine-tune: a gain of linear probes that fine-tuning is expected to lose is none.
        Without the default it is the best, or what is expected to gain most; None where nothing is
        offered.
        """
        best = self.best
        if self.default is not None:
            gains = best is not None and self.fine_tuned(best).mean > 0
            return best if gains else self.default
        if best is not None or not self.belief.mean.size:
            return best
        return int(np.argmax(self.belief.mean))


class Judge:
    """Judges the models of a question; fitting the gain model takes the most of it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.offered = question.offered()
        self._world = world_of(question)
        self._target = len(self._world.tasks) - 1
        self._fitted = fit_gain_model(self._world, target=self._target)
        self._number = {id_: i for i, id_ in enumerate(self._world.models)}
        elsewhere = left_out(self._fitted)
        self.reach, self.calibrated = interval_reach(elsewhere.errors, elsewhere.tasks, level=LEVEL)

    def about(self, question: Question) -> "Judge":
        """Return the judge of the same tasks, models and outcomes, fitted as this one is.

        What was measured, and which of the models are offered, may differ.
        """
        other = copy(self)
        other.question, other.offered = question, question.offered()
        return other

    def judge(self, *, probed: Measured, tuned: Measured | None = None) -> Judged:
        """Return what is thought of the models after linear probes and short fine-tunings."""
        probes = self._seen(probed)
        model = self._with(self._fitted, probes)
        kinds = (EvidenceKind.LINEAR_PROBE,) * len(probes.cells)
        races = self._races(tuned or {}, model)
        model = self._with(model, races)
        kinds += (EvidenceKind.FINE_TUNING,) * len(races.cells)
        rows_of = np.array([self._number[each.id] for each in self.offered], dtype=np.int64)
        belief = model.believe(self._here(rows_of))
        default = next(
            (i for i, m in enumerate(self.offered) if m.id == self.question.default), None
        )
        if default is not None:
            belief = belief.with_known(default, 0.0)
        ties = frozenset(
            place
            for place, each in enumerate(self.offered)
            if is_tie(each.id, tuned or {}, probed, default=self.question.default)
            and belief.mean[place] <= belief.sd[place]
        )
        among = np.isin(rows_of, np.concatenate([probes.cells.models, races.cells.models]))
        measured = tuple(among.tolist())
        offered = self.offered

        def fine_tuned(place: int) -> FineTunedGain:
            mean, sd = float(belief.mean[place]), float(belief.sd[place])
            reach = self.reach_of(measured=measured[place])
            return self._fine_tuned(offered[place].id, mean, sd, reach=reach, tuned=tuned)

        return Judged(
            offered=offered,
            default=default,
            model=model,
            belief=belief,
            measurements=kinds,
            measured=measured,
            ties=ties,
            fine_tuned=fine_tuned,
        )

    def reach_of(self, *, measured: bool) -> float:
        """Return how many standard deviations the interval of a model's gain reaches.

        Of a measured model mostly the noise of its measurement is left in doubt, which is normal.
        Of the others it is what the gain model misses, which is known from other tasks.
        """
        return NORMAL_REACH if measured else self.reach

    def _fine_tuned(
        self, model: str, mean: float, sd: float, *, reach: float, tuned: Measured | None
    ) -> FineTunedGain:
        """Return the gain of fine-tuning a model, by the gain of its linear probe.

        What fine-tuning itself has shown counts as such.
        """
        question = self.question
        if model == question.default:
            return FineTunedGain(0.0, 0.0)
        # Where the model errs farther than it states, so does what rests on it.
        expected = fine_tuned_gain(mean, sd * reach / NORMAL_REACH, images=question.images)
        short = gain_of(model, tuned or {}, question.default)
        if short is not None:
            variance = short.variance + SHORT_VARIANCE
            seen = question.seen.get(model, 0.0)
            expected = expected.after(*discounted(short.gain, variance, seen=seen))
        recorded = question.target and question.gains.pooled(model, question.target)
        return expected.after(*recorded) if recorded else expected

    def _seen(self, probed: Measured) -> Seen:
        """Return the gains that linear probes found: their noise is partly common to all."""
        paired = self._gains(probed)
        parts = []
        for model, each in paired.items():
            gain, variance = each.with_error(classes=self.question.classes)
            own, common = noise_parts(variance)
            parts.append((*discounted(gain, own, seen=self._images_seen(model)), common))
        gains, variances, shared = np.array(parts).reshape(-1, 3).T
        return Seen(self._here(np.array([*paired], dtype=np.int64)), gains, variances, shared)

    def _races(self, tuned: Measured, model: GainModel) -> Seen:
        """Return the gains that short fine-tunings found.

        They measure what is promised in the end, which a linear probe misses by `OWN_SD`: so they
        are believed as much more as that widens what was expected.
        """
        paired = self._gains(tuned)
        cells = self._here(np.array([*paired], dtype=np.int64))
        measurements = [
            discounted(each.gain, each.variance + SHORT_VARIANCE, seen=self._images_seen(number))
            for number, each in paired.items()
        ]
        gains, variances = np.array(measurements).reshape(-1, 2).T
        expected = np.square(model.believe(cells).sd)
        return Seen(cells, gains, variances * expected / (expected + OWN_SD**2))

    def _gains(self, measured: Measured) -> dict[int, PairedGain]:
        """Return the gains that were measured, by the numbers of their models."""
        return {
            self._number[id_]: paired
            for id_ in measured
            if id_ in self._number and (paired := gain_of(id_, measured, self.question.default))
        }

    def _images_seen(self, number: int) -> float:
        """Return the share of the target's images that a model, by its number, was trained on."""
        return self.question.seen.get(self._world.models[number], 0.0)

    def _here(self, models: Indices) -> Cells:
        return Cells(models, np.full(len(models), self._target))

    def _with(self, model: GainModel, more: Seen) -> GainModel:
        if not len(more.cells):
            return model
        return GainModel(self._world, model.scales, model.seen.with_more(more))

    def base(self) -> tuple[Difficulty, float, bool] | None:
        """Return the default's accuracy as foretold, how far its interval reaches, and how surely.

        None where too little is known of the default on other tasks.
        """
        base = self._world.base
        if np.isfinite(base).sum() < LEAST_TASKS:
            return None
        outlines = outlines_of(self.question, self._world)
        reach, sure = interval_reach(*errors_elsewhere(outlines, base), level=LEVEL)
        return foretell(outlines, base, target=self._target), reach, sure


def gain_of(model: str, measured: Measured, default: str) -> PairedGain | None:
    """Return the gain of a model by what it and the default got right; None without both."""
    own, plain = measured.get(model), measured.get(default)
    if own is None or plain is None or model == default:
        return None
    return paired_gain(own, plain)


def discounted(gain: float, variance: float, *, seen: float) -> tuple[float, float]:
    """Return a measured gain and its variance without what images flatter that a model has seen.

    ``seen`` is their share. What one image flatters by is `SEEN_GAIN` on average; the whole
    correction counts as its own doubt.
    """
    flattered = SEEN_GAIN * seen
    return gain - flattered, variance + flattered**2


def is_tie(model: str, *measured: Measured, default: str) -> bool:
    """Whether a model and the default got as many images right as each other, to one image.

    The first of ``measured`` that has both decides: fine-tuning says more than a linear probe.
    """
    for each in measured:
        paired = gain_of(model, each, default)
        if paired is not None:
            return abs(round(paired.gain * paired.images)) <= 1
    return False
