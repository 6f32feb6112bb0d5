"""The network that fine-tuning made, whatever the recipe, and how a recipe is carried out."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol

from torch import nn

from task2vec.finetuning.classify import HeldOut
from task2vec.finetuning.prepared import Run
from task2vec.finetuning.result import Choice, CurvePoint
from task2vec.finetuning.splits import Labelled
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Pixels, Probe
from task2vec.types.tuning import Recipe

#: The words for the first step: what the starting model, or its trunk, says of all images.
LOOKING = "looking at the images"


@dataclass(frozen=True, eq=False)
class FineTuned:
    """The network that was made (backbone and classifier), and how it got there.

    ``recipe`` is what it was made by, never ``auto``. ``best_epoch`` is 0 for the linear probe,
    whose backbone is that of the start. ``held_out`` are logits on images by models that they did
    not train: that of the best epoch on validation images, or models made like it; None where
    there were none. ``choice`` is None where nothing was chosen. ``curve`` is the training's
    accuracy on the validation images, epoch by epoch; empty without these.
    """

    backbone: nn.Module
    classifier: nn.Linear
    recipe: Recipe
    epochs: int
    best_epoch: int
    training_images: int
    choice: Choice | None = None
    held_out: HeldOut | None = None
    curve: tuple[CurvePoint, ...] = ()


class Method(Protocol):
    """How a recipe is carried out.

    ``validation`` has `LEAST_VALIDATION` images or more, or none at all: fewer train, too.
    """

    def check(self, start: Probe) -> None:
        """Raise `WeightsError` for a starting model that cannot be trained so."""

    def make(self, run: Run, training: Labelled[Pixels], validation: Labelled[Pixels]) -> FineTuned:
        """Fine-tune a copy of the starting model."""


def as_it_was(
    run: Run, classifier: nn.Linear, data: Labelled[Pixels], *, held_out: HeldOut | None
) -> FineTuned:
    """Return the linear probe, with a copy of the starting model."""
    return FineTuned(
        deepcopy(run.start.backbone).requires_grad_(False),
        classifier.requires_grad_(False),
        recipe=Recipe.LINEAR_PROBE,
        epochs=0,
        best_epoch=0,
        training_images=len(data.images),
        held_out=held_out,
    )


def as_trained(
    training: Training,
    recipe: Recipe,
    *,
    held_out: HeldOut | None,
    best_epoch: int,
    curve: tuple[CurvePoint, ...] = (),
) -> FineTuned:
    """Return what a training has made of the starting model."""
    return FineTuned(
        training.backbone.requires_grad_(False),
        training.classifier.requires_grad_(False),
        recipe=recipe,
        epochs=training.epoch,
        best_epoch=best_epoch,
        training_images=len(training.data.images),
        held_out=held_out,
        curve=curve,
    )
