"""One measurement: a recipe trained on the images of a cell and judged on others."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.model_selection import StratifiedKFold

from research.fine_tuning.cells import Cell, cell, start
from research.fine_tuning.recipes import How, Measurement
from task2vec.finetuning.classify import BestEpoch, HeldOut, classify, fitted_classifier, unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import part_of
from task2vec.finetuning.training import Training

FOLDS = 3


def measure(asked: Measurement) -> dict[str, Any]:
    """Return the row of a measurement without its key."""
    images = cell(asked.task, asked.budget, asked.seed)
    if asked.settings is None:
        return _frozen(images)
    settings = replace(asked.settings, seed=asked.seed)
    return _folds(images, settings) if asked.how is How.FOLDS else _tuned(images, settings)


def _frozen(cell: Cell) -> dict[str, Any]:
    training, validation = cell.divided()
    head = _head(cell, training)
    found = _judged(classify(start().backbone, head, start(), cell.test.images), cell.test.labels)
    if len(validation):
        with torch.inference_mode():
            found |= _validation(head(cell.features[validation]), cell.training.labels[validation])
    return {
        **found,
        "classes": cell.classes,
        "training": len(training),
        "validation": len(validation),
        "test": len(cell.test.images),
    }


def _tuned(cell: Cell, settings: FineTuningSettings) -> dict[str, Any]:
    """Judge the last epoch and, where images validate, also the one that would be kept."""
    training, validation = cell.divided()
    held = part_of(cell.training, validation)
    run = _training(cell, training, settings)
    best, trace = None, []
    for _ in range(run.epochs):
        run.run_epoch(unheard)
        if len(validation):
            logits = classify(run.backbone, run.classifier, start(), held.images)
            trace.append(_validation(logits, held.labels))
            answers = HeldOut(logits, held.labels)
            best = best or BestEpoch()
            best.consider(run.epoch, run.network, answers)
    found = _tested(run, cell)
    if best is None:
        return found
    kept = found
    if best.epoch != run.epoch:
        best.fill(run.network)
        kept = _tested(run, cell)
    return {**found, "trace": trace, "kept": kept}


def _folds(cell: Cell, settings: FineTuningSettings) -> dict[str, Any]:
    """Cross-validate the recipe and the linear probe on the training images."""
    labels = cell.training.labels
    tuned, frozen = (torch.zeros(len(labels), cell.classes) for _ in range(2))
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=settings.seed)
    for train, held in splitter.split(labels, labels):
        with torch.inference_mode():
            frozen[held] = _head(cell, train)(cell.features[held])
        run = _training(cell, train, settings)
        for _ in range(run.epochs):
            run.run_epoch(unheard)
        images = part_of(cell.training, held).images
        tuned[held] = classify(run.backbone, run.classifier, start(), images)
    return {
        "linear_probe": _judged(frozen, labels),
        "fine_tuning": _judged(tuned, labels),
        "images": len(labels),
    }


def _training(cell: Cell, chosen: NDArray[np.int64], settings: FineTuningSettings) -> Training:
    assert settings.learning_rate is not None
    return Training(
        start(),
        part_of(cell.training, chosen),
        classifier=_head(cell, chosen),
        settings=settings,
        rate=settings.learning_rate,
    )


def _head(cell: Cell, chosen: NDArray[np.int64]) -> torch.nn.Linear:
    return fitted_classifier(
        cell.features[chosen],
        cell.training.labels[chosen],
        classes=cell.classes,
        device=torch.device("cpu"),
    )


def _tested(run: Training, cell: Cell) -> dict[str, Any]:
    logits = classify(run.backbone, run.classifier, start(), cell.test.images)
    return _judged(logits, cell.test.labels)


def _judged(logits: torch.Tensor, labels: NDArray[np.int64]) -> dict[str, Any]:
    """Return accuracy and loss, also with the best temperature, and which were right."""
    right = logits.argmax(dim=1).numpy() == labels
    best = minimize_scalar(lambda t: _loss(logits / np.exp(t), labels), bounds=(-3, 3))
    return {
        "accuracy": round(float(right.mean()), 4),
        "loss": round(_loss(logits, labels), 4),
        "tempered_loss": round(float(best.fun), 4),
        "temperature": round(float(np.exp(best.x)), 3),
        "correct": "".join(map(str, right.astype(int))),
    }


def _validation(logits: torch.Tensor, labels: NDArray[np.int64]) -> dict[str, float]:
    judged = _judged(logits, labels)
    return {f"validation_{key}": judged[key] for key in ("accuracy", "loss", "tempered_loss")}


def _loss(logits: torch.Tensor, labels: NDArray[np.int64]) -> float:
    return float(torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)))
