"""What a model does on a target: gains of linear probes, and what somebody who asks can measure."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import nn

from research.large_zoo.draws import SCORED, SHOTS, Draw, draws
from research.large_zoo.images import TaskImages, stage_features
from research.large_zoo.tables import Quantity
from research.scores.logme import log_evidences
from research.scores.seen import Seen
from research.transfer.targets import Indices
from task2vec.probe.head import fit_head
from task2vec.recommendation.measure.linear_probe import cross_validate, leave_one_out
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy

Features = NDArray[np.float32]
Right = NDArray[np.bool_]


class Target:
    """A task that is asked about; the ``default`` is the last stage that gains are over."""

    def __init__(self, images: TaskImages, default: nn.Module) -> None:
        self.images = images
        self.draws: tuple[Draw, Draw] = draws(images.name, images.labels, images.objects)
        parts = [draw.test for draw in self.draws] + [draw.train[max(SHOTS)] for draw in self.draws]
        self.rows: Indices = np.unique(np.concatenate(parts))
        self._default = default

    @cached_property
    def default(self) -> "DefaultAnswers":
        """What the default answers, which all gains are over."""
        return DefaultAnswers(Answers(self, self._default), len(self.draws))


class Answers:
    """What a model answers on a target, by its last stage."""

    def __init__(self, target: Target, stage: nn.Module) -> None:
        self._target = target
        self._features = stage_features(stage, target.images.plain[target.rows])

    def right(self, shots: int, draw: int) -> Right:
        """Return which test images (T,) of a draw the linear probe gets right."""
        drawn = self._target.draws[draw]
        X, y = self._of(drawn.train[shots])
        head = fit_head(X, y, classes=self._target.images.classes)
        X, y = self._of(drawn.test)
        logits = X @ head.weight.T + head.bias
        return np.asarray(logits.argmax(axis=1) == y)

    def held_out(self, shots: int) -> ProbeAccuracy | None:
        """Return what cross-validation on the first draw's training images tells."""
        X, y = self._of(self._target.draws[0].train[shots])
        return cross_validate(X, y, classes=self._target.images.classes)

    def logme(self, shots: int) -> float:
        """Return the log evidence an image of the first draw's training images."""
        return float(log_evidences(*self._of(self._target.draws[0].train[shots])).mean())

    def ridge_error(self, shots: int) -> float:
        """Return the squared error of ridge regression on the first draw's training images.

        Each is left out in turn; classes of one image are left aside.
        """
        X, y = self._of(self._target.draws[0].train[shots])
        usable = Seen(X, y, classes=self._target.images.classes).repeated()
        return leave_one_out(usable.features, usable.labels, classes=usable.classes).error

    def _of(self, rows: Indices) -> tuple[Features, Indices]:
        places = np.searchsorted(self._target.rows, rows)
        return self._features[places], self._target.images.labels[rows]


def measure(stage: nn.Module, target: Target) -> dict[Quantity, str]:
    """Return all cells of a model on a target that see its images: see `Quantity`."""
    answers = Answers(target, stage)
    return {**_gains(answers, target), **_scores(answers, target)}


def measure_gains(stage: nn.Module, target: Target) -> dict[Quantity, str]:
    """Return the gains of a model's linear probes on a target."""
    return _gains(Answers(target, stage), target)


def _gains(answers: Answers, target: Target) -> dict[Quantity, str]:
    return {
        Quantity(f"gain {shots} {draw}"): compared(answers.right(shots, draw), plain)
        for (shots, draw), plain in target.default.right.items()
    }


def _scores(answers: Answers, target: Target) -> dict[Quantity, str]:
    found = {Quantity(f"logme {SCORED}"): f"{answers.logme(SCORED):.4f}"}
    own, plain = answers.held_out(SCORED), target.default.held_out[SCORED]
    # Where no image can be held out, that goes for all models.
    if own is not None and plain is not None:
        found[Quantity(f"held out {SCORED}")] = compared(own.correct, plain.correct)
        found[Quantity(f"ridge {SCORED}")] = f"{answers.ridge_error(SCORED):.4f}"
    return found


class DefaultAnswers:
    """The default's answers on a target: ``right`` by shots and draw, ``held_out`` by shots."""

    def __init__(self, plain: Answers, draws: int) -> None:
        self.right = {(s, d): plain.right(s, d) for s in SHOTS for d in range(draws)}
        self.held_out = {shots: plain.held_out(shots) for shots in SHOTS}


def compared(right: Right, plain: Right) -> str:
    """Return "won:lost" of which answers (N,) are right, against the default's."""
    return f"{int((right & ~plain).sum())}:{int((plain & ~right).sum())}"
