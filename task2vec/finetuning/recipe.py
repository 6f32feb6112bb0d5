"""Fine-tuning a starting model on a task, or a linear probe where that is the better choice."""

from copy import deepcopy
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from torch import nn

from task2vec.finetuning.classify import (
    BestEpoch,
    HeldOut,
    Tick,
    classify,
    frozen_features,
    unheard,
)
from task2vec.finetuning.cross_validation import Run, Say, cross_validate_tuning, folds
from task2vec.finetuning.result import Choice, prefers_tuning
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, joined
from task2vec.finetuning.training import ALL_DONE, Training
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy, paired_gain
from task2vec.types.tuning import ChosenBy, Recipe

__all__ = ["FineTuned", "Tick", "classify", "fine_tune", "passes"]

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
    run = Run(
        start=start,
        classes=classes,
        settings=settings,
        say=say or (lambda _words, _images: None),
        tick=tick or unheard,
        unfinished=unfinished or Unfinished(),
    )
    if len(validation.images) >= LEAST_VALIDATION:
        return _by_validation(run, training, validation)
    return _by_cross_validation(run, joined(training, validation))


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
    return len(labels) + compared + trained + test


def _by_validation(run: Run, data: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
    start, images = run.start, len(data.images) + len(validation.images)
    run.say(LOOKING, images)
    classifier = run.fitted(frozen_features(start, data.images, run.tick), data)
    frozen = run.answers(start.backbone, classifier, validation)
    best, patience = BestEpoch(), run.settings.patience
    training = run.training(data, classifier, run.settings.rate)
    if (state := run.unfinished.get(_TRAINING)) is not None:
        training.restore(state)
        best.restore(state, validation.labels)
    run.begin(ALL_DONE if best.is_over(training.epoch, patience) else training.next_epoch)
    while training.epoch < training.epochs and not best.is_over(training.epoch, patience):
        words = f"epoch {training.epoch + 1} of at most {training.epochs}"
        run.say(f"{words}, {_so_far(best, frozen)}", images)
        training.run_epoch(run.tick)
        answers = run.answers(training.backbone, training.classifier, validation)
        best.consider(training.epoch, training.network, answers)
        run.unfinished.put(_TRAINING, {**training.state(), **best.state()})
    assert best.held_out is not None, "there is at least one epoch"
    choice = _choice(frozen, best.held_out, by=ChosenBy.VALIDATION, learning_rate=training.rate)
    if choice.chosen is Recipe.LINEAR_PROBE:
        probe = _frozen(run, classifier, data, choice=choice, held_out=frozen)
        return replace(probe, epochs=training.epoch)
    best.fill(training.network)
    return _trained(training, data, choice=choice, held_out=best.held_out, best_epoch=best.epoch)


def _by_cross_validation(run: Run, data: Labelled[Pixels]) -> FineTuned:
    images, rate = len(data.images), run.settings.few_rate
    run.say(LOOKING, images)
    features = frozen_features(run.start, data.images, run.tick)
    validated = cross_validate_tuning(run, data, features)
    classifier = run.fitted(features, data)
    if validated is None:
        choice = Choice(
            chosen=Recipe.LINEAR_PROBE,
            by=ChosenBy.NONE,
            images=0,
            learning_rate=rate,
        )
        return _frozen(run, classifier, data, choice=choice, held_out=None)
    frozen, tuned = validated.linear_probe, validated.fine_tuning
    choice = _choice(frozen, tuned, by=ChosenBy.CROSS_VALIDATION, learning_rate=rate)
    if choice.chosen is Recipe.LINEAR_PROBE:
        run.begin("all folds are done")
        return _frozen(run, classifier, data, choice=choice, held_out=frozen)
    training = run.training(data, classifier, rate)
    if (state := run.unfinished.get(_TRAINING)) is not None:
        training.restore(state)
    run.begin(training.next_epoch)
    while training.epoch < training.epochs:
        run.say(training.next_epoch, images)
        training.run_epoch(run.tick)
        run.unfinished.put(_TRAINING, training.state())
    return _trained(training, data, choice=choice, held_out=tuned, best_epoch=training.epoch)


def _frozen(
    run: Run,
    classifier: nn.Linear,
    data: Labelled[Pixels],
    *,
    choice: Choice,
    held_out: HeldOut | None,
) -> FineTuned:
    """Return the linear probe, with a copy of the starting model."""
    return FineTuned(
        deepcopy(run.start.backbone).requires_grad_(False),
        classifier.requires_grad_(False),
        epochs=0,
        best_epoch=0,
        training_images=len(data.images),
        choice=choice,
        held_out=held_out,
    )


def _trained(
    training: Training,
    data: Labelled[Pixels],
    *,
    choice: Choice,
    held_out: HeldOut,
    best_epoch: int,
) -> FineTuned:
    return FineTuned(
        training.backbone.requires_grad_(False),
        training.classifier.requires_grad_(False),
        epochs=training.epoch,
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
