"""Linear probe and fine-tuning by cross-validation, where a validation part would be too small."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from task2vec.finetuning.classify import Tick, classify, fitted_classifier
from task2vec.finetuning.held_out import HeldOut
from task2vec.finetuning.resume import Unfinished
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Pixels, Probe

FOLDS = 3

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CrossValidated:
    """The linear probe, and fine-tuning at each learning rate, on the same images in turn."""

    linear_probe: HeldOut
    fine_tuning: Mapping[float, HeldOut]


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


def cross_validate_tuning(
    start: Probe,
    data: Labelled[Pixels],
    features: Tensor,
    *,
    classes: int,
    settings: FineTuningSettings,
    tick: Tick,
    say: Callable[[str, int], None],
    unfinished: Unfinished,
) -> CrossValidated | None:
    """Train and judge both recipes fold by fold, as they would be on all images.

    ``features`` (N, D) are those of the images by the starting model. Returns None where there is
    one image a class. Each fold that is done is a part of ``unfinished``, and so is the training of
    the one that is not.
    """
    divided = folds(data.labels, seed=settings.seed)
    if not divided:
        return None
    heads = [
        fitted_classifier(features[train], data.labels[train], classes=classes, device=start.device)
        for train, _ in divided
    ]
    outs = [out for _, out in divided]
    labels = data.labels[np.concatenate(outs)]
    with torch.inference_mode():
        frozen = [
            head(features[out].to(start.device)).cpu()
            for head, out in zip(heads, outs, strict=True)
        ]

    def tuned(fold: int, rate: float) -> Tensor:
        train, out = divided[fold]
        place = f"fold {fold + 1} of {len(divided)}"
        name = f"fold {fold} at {rate!r}"
        if (state := unfinished.get(name)) is not None:
            return state["logits"]
        images, training = part_of(data, train), f"{name}, training"
        run = Training(start, images, classifier=heads[fold], settings=settings, rate=rate)
        if (state := unfinished.get(training)) is not None:
            run.restore(state)
        at = f" at the learning rate {rate:g}" if len(settings.rates) > 1 else ""
        unfinished.begin(f"{place}{at}, {run.next_epoch}", say=lambda words: say(words, 0))
        passes = (run.epochs - run.epoch) * len(train) + len(out)
        say(f"comparing with a linear probe, {place}{at}", passes)
        while run.epoch < run.epochs:
            run.run_epoch(tick)
            unfinished.put(training, run.state())
        held = part_of(data, out).images
        logits = classify(run.backbone, run.classifier, start, held, tick=tick)
        unfinished.drop(training)
        unfinished.put(name, {"logits": logits})
        return logits

    return CrossValidated(
        HeldOut(torch.cat(frozen), labels),
        {
            rate: HeldOut(torch.cat([tuned(fold, rate) for fold in range(len(divided))]), labels)
            for rate in settings.rates
        },
    )
