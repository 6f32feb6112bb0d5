"""Linear probe and fine-tuning by cross-validation, where a validation part would be too small."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn

from task2vec.finetuning.classify import HeldOut, Tick, classify, fitted_classifier
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Pixels, Probe

#: Takes the words for a step that begins, and how many images go through the network in it.
Say = Callable[[str, int], None]

FOLDS = 3

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The linear probe and fine-tuning, on the same images in turn."""

    linear_probe: HeldOut
    fine_tuning: HeldOut


def folds(labels: Indices, *, seed: int) -> list[tuple[Indices, Indices]]:
    """Return (training, held out) positions, up to `FOLDS` times; none with one image a class.

    Every class of two images or more is held out in turn and trains in every fold; a class of one
    image trains always.
    """
    counts = np.bincount(labels)
    kept = np.flatnonzero(counts[labels] >= 2)
    if not len(kept):
        return []
    number = min(FOLDS, int(counts[counts >= 2].min()))
    splitter = StratifiedKFold(number, shuffle=True, random_state=seed)
    every = np.arange(len(labels))
    return [
        (np.setdiff1d(every, kept[held]), kept[held])
        for _, held in splitter.split(kept, labels[kept])
    ]


@dataclass(frozen=True)
class Run:
    """What every step of one fine-tuning needs."""

    start: Probe
    classes: int
    settings: FineTuningSettings
    say: Say
    tick: Tick
    unfinished: Unfinished

    def begin(self, where: str) -> None:
        """Tell, once, that an interrupted run goes on here."""
        self.unfinished.begin(where, say=lambda words: self.say(words, 0))

    def fitted(self, features: Tensor, data: Labelled[Pixels]) -> nn.Linear:
        """Return the classifier of the linear probe on the (N, D) features of images."""
        return fitted_classifier(
            features, data.labels, classes=self.classes, device=self.start.device
        )

    def training(self, data: Labelled[Pixels], classifier: nn.Linear, rate: float) -> Training:
        """Return a training of the starting model on images, at its first epoch."""
        return Training(self.start, data, classifier=classifier, settings=self.settings, rate=rate)

    def answers(
        self, backbone: nn.Module, classifier: nn.Linear, held: Labelled[Pixels]
    ) -> HeldOut:
        """Return what a network says of images that it did not train on."""
        logits = classify(backbone, classifier, self.start, held.images, tick=self.tick)
        return HeldOut(logits, held.labels)


def cross_validate_tuning(
    run: Run, data: Labelled[Pixels], features: Tensor
) -> CrossValidated | None:
    """Train and judge both recipes fold by fold, as they would be on all images.

    ``features`` (N, D) are those of the images by the starting model. Returns None where there is
    one image a class. Each fold that is done is a part of what is ``unfinished``, and so is the
    training of the one that is not.
    """
    divided = folds(data.labels, seed=run.settings.seed)
    if not divided:
        return None
    heads = [run.fitted(features[train], part_of(data, train)) for train, _ in divided]
    outs = [out for _, out in divided]
    labels = data.labels[np.concatenate(outs)]
    with torch.inference_mode():
        frozen = [
            head(features[out].to(run.start.device)).cpu()
            for head, out in zip(heads, outs, strict=True)
        ]

    def tuned(fold: int) -> Tensor:
        train, out = divided[fold]
        place, name = f"fold {fold + 1} of {len(divided)}", f"fold {fold}"
        if (state := run.unfinished.get(name)) is not None:
            return state["logits"]
        part = f"{name}, training"
        training = run.training(part_of(data, train), heads[fold], run.settings.few_rate)
        if (state := run.unfinished.get(part)) is not None:
            training.restore(state)
        run.begin(f"{place}, {training.next_epoch}")
        passes = (training.epochs - training.epoch) * len(train) + len(out)
        run.say(f"comparing with a linear probe, {place}", passes)
        while training.epoch < training.epochs:
            training.run_epoch(run.tick)
            run.unfinished.put(part, training.state())
        logits = run.answers(training.backbone, training.classifier, part_of(data, out)).logits
        run.unfinished.drop(part)
        run.unfinished.put(name, {"logits": logits})
        return logits

    return CrossValidated(
        HeldOut(torch.cat(frozen), labels),
        HeldOut(torch.cat([tuned(fold) for fold in range(len(divided))]), labels),
    )
