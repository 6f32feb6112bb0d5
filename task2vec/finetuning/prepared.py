"""Images made ready to train all layers, or the last stage, of one starting model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.classify import (
    HeldOut,
    Tick,
    classify,
    fitted_classifier,
    frozen_features,
)
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings, HeadStart
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.stage_training import StageTraining, TrunkViews
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Pixels, Probe

#: Takes the words for a step that begins, and how many images go through the network in it.
Say = Callable[[str, int], None]

Indices = NDArray[np.int64]


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

    def judge(self, classifier: nn.Linear, held: Labelled[Pixels]) -> HeldOut:
        """Return what the linear probe says of images that it did not train on."""
        logits = classify(self.start.backbone, classifier, self.start, held.images, tick=self.tick)
        return HeldOut(logits, held.labels)

    def first_classifier(self, data: Labelled[Pixels]) -> nn.Linear:
        """Return the classifier that a training begins with which no linear probe went before."""
        if self.settings.head_start is HeadStart.LINEAR_PROBE:
            return self.fitted(frozen_features(self.start, data.images, self.tick), data)
        features = self.start.features(data.images[:1])
        return nn.Linear(features.shape[1], self.classes).to(self.start.device)


class Prepared(Protocol):
    """Labelled images as a recipe trains on them; parts of them share what was computed."""

    @property
    def data(self) -> Labelled[Pixels]:
        """The images."""

    def part(self, chosen: Indices) -> Self:
        """Return those at these positions."""

    def looks(self, *, train: bool = False, judge: bool = False) -> int:
        """Return how many images go through a part of the network in `look`."""

    def look(self, *, train: bool = False, judge: bool = False) -> None:
        """Compute now what trainings on the images, or judging by them, share."""

    def training(self, classifier: nn.Linear, rate: float) -> Training:
        """Return a training on the images, at its first epoch."""

    def held_out(self, training: Training) -> HeldOut:
        """Return what a network in training, of other images, says of these."""


@dataclass(frozen=True, eq=False)
class ForAllLayers:
    """Images that train all layers: their pixels."""

    run: Run
    data: Labelled[Pixels]

    def part(self, chosen: Indices) -> "ForAllLayers":
        """Return those at these positions."""
        return ForAllLayers(self.run, part_of(self.data, chosen))

    def looks(self, **_purposes: bool) -> int:
        """Return 0: nothing is shared."""
        return 0

    def look(self, **_purposes: bool) -> None:
        """Do nothing."""

    def training(self, classifier: nn.Linear, rate: float) -> Training:
        """Return a training of all layers."""
        run = self.run
        return Training(
            run.start, self.data, classifier=classifier, settings=run.settings, rate=rate
        )

    def held_out(self, training: Training) -> HeldOut:
        """Return what a network in training says of the images."""
        return HeldOut(training.logits(self.data, self.run.tick), self.data.labels)


@dataclass(frozen=True, eq=False)
class ForLastStage:
    """Images that train the last stage: what the trunk says of them, looked at once."""

    run: Run
    data: Labelled[Pixels]
    views: TrunkViews
    positions: Indices

    @classmethod
    def of(cls, run: Run, data: Labelled[Pixels]) -> "ForLastStage":
        """Return images that the trunk has not looked at yet."""
        views = TrunkViews(run.start, data.images, run.settings, tick=run.tick)
        return cls(run, data, views, np.arange(len(data.images)))

    def part(self, chosen: Indices) -> "ForLastStage":
        """Return those at these positions, with the views that there are."""
        data = part_of(self.data, chosen)
        return ForLastStage(self.run, data, self.views, self.positions[chosen])

    def looks(self, *, train: bool = False, judge: bool = False) -> int:
        """Return how many images go through the trunk in `look`."""
        return self.views.looks(train=train, judge=judge)

    def look(self, *, train: bool = False, judge: bool = False) -> None:
        """Let the trunk look at the images."""
        self.views.look(train=train, judge=judge)

    def training(self, classifier: nn.Linear, rate: float) -> Training:
        """Return a training of the last stage."""
        return StageTraining(
            self.run.start,
            self.data,
            classifier=classifier,
            settings=self.run.settings,
            rate=rate,
            views=self.views,
            positions=self.positions,
        )

    def held_out(self, training: Training) -> HeldOut:
        """Return what a network in training says of the images, from the trunk's output on."""
        logits = []
        for batch in self.views.plain(self.positions):
            with torch.inference_mode():
                logits.append(training.network(batch).cpu())
            self.run.tick(len(batch))
        # Out of inference mode, so that it may be saved and computed with.
        return HeldOut(torch.cat(logits).clone(), self.data.labels)
