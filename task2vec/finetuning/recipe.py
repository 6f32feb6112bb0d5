"""Fine-tuning a starting model on a task, or a linear probe where that is the better choice."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.classify import (
    Tick,
    classify,
    fitted_classifier,
    frozen_features,
    unheard,
)
from task2vec.finetuning.cross_validation import cross_validate_tuning, folds
from task2vec.finetuning.held_out import BestEpoch, HeldOut
from task2vec.finetuning.result import Choice, prefers_tuning
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, joined
from task2vec.finetuning.training import ALL_DONE, Training
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain
from task2vec.types.tuning import ChosenBy, Recipe

__all__ = ["FineTuned", "Tick", "classify", "fine_tune", "passes"]

#: Takes the words for a step that begins, and how many images go through the network in it.
Say = Callable[[str, int], None]
Labels = NDArray[np.int64]

#: With fewer images of validation a difference of ten points is chance: all images train, and
#: cross-validation chooses.
LEAST_VALIDATION = 30
_TRAINING = "training"
#: The words for the first step: the features of all images by the starting model.
LOOKING = "looking at the images"


@dataclass(frozen=True, eq=False)
class FineTuned:
    """The chosen network (backbone and classifier), and how it got there.

    ``best_epoch`` is 0 for the linear probe, whose backbone is that of the start. ``held_out`` are
    logits on images by models that they did not train: the chosen one on validation images, or
    models made like it; None where there were none.
    """

    backbone: nn.Module
    classifier: nn.Linear
    epochs: int
    best_epoch: int
    training_images: int
    choice: Choice | None = None
    held_out: HeldOut | None = None


def fine_tune(
    start: Probe,
    training: Labelled[Pixels],
    validation: Labelled[Pixels],
    *,
    classes: int,
    settings: FineTuningSettings,
    say: Say | None = None,
    tick: Tick | None = None,
    unfinished: Unfinished | None = None,
) -> FineTuned:
    """Compare a linear probe with training all of the network, and return the better.

    With `LEAST_VALIDATION` images of validation or more, the linear probe is compared with the
    epoch of the least validation loss. With fewer, these train, too; both recipes are
    cross-validated, and the better (see `prefers_tuning`) is made of all images.

    The starting model is copied, never changed. A run that goes on with an ``unfinished`` one ends
    as that would have ended.
    """
    run = _Run(
        start=start,
        classes=classes,
        settings=settings,
        say=say or (lambda _words, _images: None),
        tick=tick or unheard,
        unfinished=unfinished or Unfinished(),
    )
    if len(validation.images) >= LEAST_VALIDATION:
        return run.by_validation(training, validation)
    return run.by_cross_validation(joined(training, validation))


def passes(training: Labels, *, validation: Labels, test: int, settings: FineTuningSettings) -> int:
    """Return how many images at most go through the network, those that test it included.

    ``training`` (N,) and ``validation`` (V,) are the labels of these images, ``test`` a number.
    """
    if len(validation) >= LEAST_VALIDATION:
        epochs = settings.epochs_for(len(training))
        return (epochs + 1) * (len(training) + len(validation)) + test
    labels = np.concatenate([training, validation])
    compared = sum(
        settings.epochs_for(len(train)) * len(train) + len(out)
        for train, out in folds(labels, seed=settings.seed)
    )
    trained = settings.epochs_for(len(labels)) * len(labels) if compared else 0
    return len(labels) + len(settings.rates) * compared + trained + test


@dataclass(frozen=True)
class _Run:
    """What every step of one fine-tuning needs."""

    start: Probe
    classes: int
    settings: FineTuningSettings
    say: Say
    tick: Tick
    unfinished: Unfinished

    def by_validation(self, training: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
        start, images = self.start, len(training.images) + len(validation.images)
        self.say(LOOKING, images)
        classifier = self._fitted(frozen_features(start, training.images, self.tick), training)
        frozen = self._answers(start.backbone, classifier, validation)
        best = BestEpoch()
        run = self._training(training, classifier, self.settings.rate)
        if (state := self.unfinished.get(_TRAINING)) is not None:
            run.restore(state)
            best.restore(state, validation.labels)
        over = best.is_over(run.epoch, self.settings.patience)
        self._begin(ALL_DONE if over else run.next_epoch)
        while run.epoch < run.epochs and not best.is_over(run.epoch, self.settings.patience):
            self.say(
                f"epoch {run.epoch + 1} of at most {run.epochs}, {_so_far(best, frozen)}", images
            )
            run.run_epoch(self.tick)
            answers = self._answers(run.backbone, run.classifier, validation)
            best.consider(run.epoch, run.network, answers)
            self.unfinished.put(_TRAINING, {**run.state(), **best.state()})
        assert best.held_out is not None, "there is at least one epoch"
        choice = _choice(frozen, best.held_out, by=ChosenBy.VALIDATION, learning_rate=run.rate)
        if choice.chosen is Recipe.LINEAR_PROBE:
            return self._finished(
                start.backbone,
                classifier,
                training,
                choice=choice,
                held_out=frozen,
                epochs=run.epoch,
            )
        best.fill(run.network)
        return self._finished(
            run.backbone,
            run.classifier,
            training,
            choice=choice,
            held_out=best.held_out,
            epochs=run.epoch,
            best_epoch=best.epoch,
        )

    def by_cross_validation(self, data: Labelled[Pixels]) -> FineTuned:
        images = len(data.images)
        self.say(LOOKING, images)
        features = frozen_features(self.start, data.images, self.tick)
        validated = cross_validate_tuning(
            self.start,
            data,
            features,
            classes=self.classes,
            settings=self.settings,
            tick=self.tick,
            say=self.say,
            unfinished=self.unfinished,
        )
        classifier = self._fitted(features, data)
        if validated is None:
            choice = Choice(
                chosen=Recipe.LINEAR_PROBE,
                by=ChosenBy.NONE,
                images=0,
                learning_rate=self.settings.rates[0],
            )
            return self._finished(self.start.backbone, classifier, data, choice=choice)
        rate = min(validated.fine_tuning, key=lambda rate: validated.fine_tuning[rate].score.loss)
        frozen, tuned = validated.linear_probe, validated.fine_tuning[rate]
        choice = _choice(frozen, tuned, by=ChosenBy.CROSS_VALIDATION, learning_rate=rate)
        if choice.chosen is Recipe.LINEAR_PROBE:
            self._begin("all folds are done")
            return self._finished(
                self.start.backbone, classifier, data, choice=choice, held_out=frozen
            )
        run = self._training(data, classifier, rate)
        if (state := self.unfinished.get(_TRAINING)) is not None:
            run.restore(state)
        self._begin(run.next_epoch)
        while run.epoch < run.epochs:
            self.say(run.next_epoch, images)
            run.run_epoch(self.tick)
            self.unfinished.put(_TRAINING, run.state())
        return self._finished(
            run.backbone,
            run.classifier,
            data,
            choice=choice,
            held_out=tuned,
            epochs=run.epoch,
            best_epoch=run.epoch,
        )

    def _begin(self, where: str) -> None:
        self.unfinished.begin(where, say=lambda words: self.say(words, 0))

    def _fitted(self, features: Tensor, data: Labelled[Pixels]) -> nn.Linear:
        return fitted_classifier(
            features, data.labels, classes=self.classes, device=self.start.device
        )

    def _training(self, data: Labelled[Pixels], classifier: nn.Linear, rate: float) -> Training:
        return Training(self.start, data, classifier=classifier, settings=self.settings, rate=rate)

    def _answers(
        self, backbone: nn.Module, classifier: nn.Linear, held: Labelled[Pixels]
    ) -> HeldOut:
        logits = classify(backbone, classifier, self.start, held.images, tick=self.tick)
        return HeldOut(logits, held.labels)

    def _finished(
        self,
        backbone: nn.Module,
        classifier: nn.Linear,
        data: Labelled[Pixels],
        *,
        choice: Choice,
        held_out: HeldOut | None = None,
        epochs: int = 0,
        best_epoch: int = 0,
    ) -> FineTuned:
        if backbone is self.start.backbone:
            backbone = deepcopy(backbone)
        for part in (backbone, classifier):
            part.requires_grad_(False)
        return FineTuned(
            backbone,
            classifier,
            epochs=epochs,
            best_epoch=best_epoch,
            training_images=len(data.images),
            choice=choice,
            held_out=held_out,
        )


def _so_far(best: BestEpoch, frozen: HeldOut) -> str:
    """Return what the validation images say so far; before the first epoch, of the linear probe."""
    if best.held_out is None:
        return f"linear probe {100 * frozen.score.accuracy:.0f} %"
    return f"best so far {100 * best.held_out.score.accuracy:.0f} % (epoch {best.epoch})"


def _choice(frozen: HeldOut, tuned: HeldOut, *, by: ChosenBy, learning_rate: float) -> Choice:
    """Choose the recipe by what the linear probe and fine-tuning say of the same images."""
    pair = paired_gain(ProbeAccuracy(tuned.correct), ProbeAccuracy(frozen.correct))
    linear_probe, fine_tuning, noise = frozen.score, tuned.score, sqrt(pair.variance)
    better = prefers_tuning(linear_probe, fine_tuning, noise=noise)
    return Choice(
        chosen=Recipe.FINE_TUNING if better else Recipe.LINEAR_PROBE,
        by=by,
        images=len(frozen.labels),
        learning_rate=learning_rate,
        linear_probe=linear_probe,
        fine_tuning=fine_tuning,
        noise=noise,
    )
