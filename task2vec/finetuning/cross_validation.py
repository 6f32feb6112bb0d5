"""Linear probe and training by cross-validation, where a validation part would be too small."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold
from torch import Tensor, nn

from task2vec.finetuning.classify import HeldOut
from task2vec.finetuning.duration import Work
from task2vec.finetuning.prepared import Prepared, Run
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.probe.probe import Pixels

FOLDS = 3

Indices = NDArray[np.int64]
#: Positions that train and that are held out.
Fold = tuple[Indices, Indices]


def folds(labels: Indices, *, seed: int) -> list[Fold]:
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


def epochs_of(training: int, judged: int, settings: FineTuningSettings) -> Work:
    """Return all epochs of training all layers on images, each with a look at others to judge."""
    epochs = settings.epochs_for(training)
    steps = -(-training // settings.batch_for(training))
    return Work(forward=epochs * judged, trained=epochs * training, steps=epochs * steps)


def work_of_folds(labels: Indices, settings: FineTuningSettings) -> Work:
    """Return what it takes to train all layers, and judge by them, fold by fold."""
    work = Work()
    for train, out in folds(labels, seed=settings.seed):
        work += epochs_of(len(train), 0, settings) + Work(forward=len(out))
    return work


def cross_validate_probe(
    run: Run, data: Labelled[Pixels], features: Tensor, divided: Sequence[Fold]
) -> tuple[list[nn.Linear], HeldOut]:
    """Return the linear probes of the folds, and what each says of the images held out from it.

    ``features`` (N, D) are those of the images by the starting model.
    """
    heads = [run.fitted(features[train], part_of(data, train)) for train, _ in divided]
    with torch.inference_mode():
        logits = [
            head(features[out].to(run.start.device)).cpu()
            for head, (_, out) in zip(heads, divided, strict=True)
        ]
    return heads, _joined(data, divided, logits)


def cross_validate_training(
    run: Run,
    prepared: Prepared,
    divided: Sequence[Fold],
    *,
    heads: Sequence[nn.Linear],
    rate: float,
    doing: str,
) -> HeldOut:
    """Train fold by fold, as on all images; return what each network says of those held out.

    ``heads`` are the classifiers to start from, and ``doing`` words for it. Each fold that is done
    is a part of what is ``unfinished``, and so is the training of the one that is not.
    """

    def trained(fold: int) -> Tensor:
        train, out = divided[fold]
        place, name = f"fold {fold + 1} of {len(divided)}", f"fold {fold}"
        if (state := run.unfinished.get(name)) is not None:
            return state["logits"]
        part = f"{name}, training"
        training = prepared.part(train).training(heads[fold], rate)
        if (state := run.unfinished.get(part)) is not None:
            training.restore(state)
        run.begin(f"{place}, {training.next_epoch}")
        passes = (training.epochs - training.epoch) * len(train) + len(out)
        run.say(f"{doing}, {place}", passes)
        while training.epoch < training.epochs:
            training.run_epoch(run.tick)
            run.unfinished.put(part, training.state())
        logits = prepared.part(out).held_out(training).logits
        run.unfinished.drop(part)
        run.unfinished.put(name, {"logits": logits})
        return logits

    return _joined(prepared.data, divided, [trained(fold) for fold in range(len(divided))])


def _joined(data: Labelled[Pixels], divided: Sequence[Fold], logits: Sequence[Tensor]) -> HeldOut:
    return HeldOut(
        torch.cat(list(logits)), data.labels[np.concatenate([out for _, out in divided])]
    )
