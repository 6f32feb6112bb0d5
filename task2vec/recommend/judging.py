"""What is thought of the offered models: the gain model fitted once, then told of measurements."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass

import numpy as np

from task2vec.recommend.conformal import interval_reach
from task2vec.recommend.difficulty import (
    LEAST_TASKS,
    Difficulty,
    errors_elsewhere,
    foretell,
)
from task2vec.recommend.gain_model.fit import fit_gain_model
from task2vec.recommend.gain_model.kernel import Cells
from task2vec.recommend.gain_model.left_out import left_out
from task2vec.recommend.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommend.leaks import SEEN_GAIN
from task2vec.recommend.paired import PairedGain, paired_gain
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.question import Question, outlines_of, world_of
from task2vec.recommend.rankers.hierarchical import TRUST, surely_best
from task2vec.recommend.recommendation import EvidenceKind
from task2vec.types import ModelRecord

#: What a linear probe on frozen features, and a short fine-tuning, miss of the gain that a full
#: fine-tuning will measure: variances.
PROBE_VARIANCE, SHORT_VARIANCE = 0.02**2, 0.01**2
#: What is expected from other tasks alone is doubted so many times more than its own variance says
#: once something was measured on the target: where it errs, it errs far.
DOUBT = 4.0
#: The share of outcomes that intervals are to hold.
LEVEL = 0.9

#: Which test images each model got right, by model id.
Measured = Mapping[str, ProbeAccuracy]


@dataclass(frozen=True, eq=False)
class Judged:
    """The belief in the gains of the ``offered`` models, in their order; the default's is exact.

    ``model`` is the gain model that it comes from; the last of the gains that it has seen are
    ``measurements`` on the target's own images, of these kinds. ``ties`` are the places of models
    that got as many of these images right as the default did, to one image.
    """

    offered: Sequence[ModelRecord]
    default: int | None
    model: GainModel
    belief: Belief
    measurements: tuple[EvidenceKind, ...] = ()
    ties: frozenset[int] = frozenset()

    @property
    def leader(self) -> int | None:
        """The model to take: the best that surely gains, else the default, else the best.

        A tie is no gain: the default is taken then. None where nothing is offered.
        """
        mean = self.belief.mean.copy()
        if self.default is not None:
            mean[[*self.ties]] = np.minimum(mean[[*self.ties]], 0.0)
        sure = surely_best(mean, self.belief.sd, trust=TRUST)
        if sure is not None or self.default is not None or not mean.size:
            return self.default if sure is None else sure
        return int(np.argmax(mean))


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
        classes = self.question.classes
        found = [
            (
                self._number[id_],
                *discounted(
                    *paired.with_error(missed=variance, classes=classes),
                    seen=self.question.seen.get(id_, 0.0),
                ),
                kind,
            )
            for kind, measured, variance in (
                (EvidenceKind.LINEAR_PROBE, probed, PROBE_VARIANCE),
                (EvidenceKind.FINE_TUNING, tuned or {}, SHORT_VARIANCE),
            )
            for id_ in measured
            if id_ in self._number and (paired := gain_of(id_, measured, self.question.default))
        ]
        model, kinds = self._fitted, tuple[EvidenceKind, ...]()
        if found:
            rows, gains, variances, kinds = zip(*found, strict=True)
            cells = Cells(np.array(rows), np.full(len(rows), self._target))
            # Doubting what is expected so many times more is to believe a measurement as much more.
            more = Seen(cells, np.array(gains), np.array(variances) / DOUBT)
            model = GainModel(self._world, model.scales, model.seen.with_more(more))
        rows_of = np.array([self._number[each.id] for each in self.offered], dtype=np.int64)
        belief = model.believe(Cells(rows_of, np.full(len(rows_of), self._target)))
        if found:
            belief = Belief(belief.mean, DOUBT * belief.covariance)
        default = next(
            (i for i, m in enumerate(self.offered) if m.id == self.question.default), None
        )
        if default is not None:
            belief = belief.with_known(default, 0.0)
        ties = frozenset(
            place
            for place, each in enumerate(self.offered)
            if is_tie(each.id, tuned or {}, probed, default=self.question.default)
        )
        return Judged(self.offered, default, model, belief, kinds, ties)

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
    found, plain = measured.get(model), measured.get(default)
    if found is None or plain is None or model == default:
        return None
    return paired_gain(found, plain)


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
