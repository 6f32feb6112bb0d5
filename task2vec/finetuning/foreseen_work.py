"""What each recipe computes on given images, told before any of them is read and without torch."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from task2vec.finetuning.duration import Work
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.types.tuning import Recipe

#: With fewer images of validation a difference of ten points is chance: all images train, and
#: cross-validation chooses, or calibrates.
LEAST_VALIDATION = 30
#: How often the images are held out in turn, at most.
FOLDS = 3
#: Jittered versions of each image that the trunk looks at, one after the other in the epochs.
VIEWS = 4

Indices = NDArray[np.int64]
#: Positions that train and that are held out.
Fold = tuple[Indices, Indices]


def work_of(
    training: Indices, *, validation: Indices, test: int, settings: FineTuningSettings
) -> Work:
    """Return what `fine_tune` computes at most, and testing after it.

    ``training`` (N,) and ``validation`` (V,) are the labels of these images, ``test`` a number.
    `expected_seconds` tells how long that takes.
    """
    validated = len(validation)
    if validated < LEAST_VALIDATION:
        training, validated = np.concatenate([training, validation]), 0
    return WORK[settings.recipe](training, validated, settings) + Work(forward=test)


def passes(
    training: Indices, *, validation: Indices, test: int, settings: FineTuningSettings
) -> int:
    """Return how many images at most go through the network: the passes of `work_of`."""
    return work_of(training, validation=validation, test=test, settings=settings).passes


def folds(labels: Indices, *, seed: int) -> list[Fold]:
    """Return (training, held out) positions, up to `FOLDS` times; none with one image a class.

    Every class of two images or more is held out in turn and trains in every fold; a class of one
    image trains always.
    """
    # What fine-tuning takes is also told by processes that need nothing else of this library.
    from sklearn.model_selection import StratifiedKFold

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


def _folds(labels: Indices, validation: int, settings: FineTuningSettings) -> Work:
    """Return what it takes to train all layers, and judge by them, fold by fold.

    Nothing, where images validate.
    """
    work = Work()
    if validation:
        return work
    for train, out in folds(labels, seed=settings.seed):
        work += epochs_of(len(train), 0, settings) + Work(forward=len(out))
    return work


def _linear_probe(training: Indices, validation: int, _settings: FineTuningSettings) -> Work:
    """Return a pass for each image."""
    return Work(forward=len(training) + validation)


def _all_layers(training: Indices, validation: int, settings: FineTuningSettings) -> Work:
    """Return all epochs, with the folds where no image validates."""
    return epochs_of(len(training), validation, settings) + _folds(training, validation, settings)


def _last_stage(training: Indices, validation: int, settings: FineTuningSettings) -> Work:
    """Return the same from the last stage on, and what the trunk looks at."""
    compared = _folds(training, validation, settings)
    work = epochs_of(len(training), validation, settings) + compared
    judged = len(training) if compared.trained else validation
    return Work(
        forward=VIEWS * len(training) + judged,
        stage_forward=work.forward,
        stage_trained=work.trained,
        stage_steps=work.steps,
    )


def _auto(training: Indices, validation: int, settings: FineTuningSettings) -> Work:
    """Return the features, then all layers; these are not trained with one image a class."""
    features = _linear_probe(training, validation, settings)
    compared = _folds(training, validation, settings)
    if not validation and not compared.trained:
        return features
    return features + epochs_of(len(training), validation, settings) + compared


#: What each recipe computes at most: of the labels that train (N,), the number of images that
#: validate, none or `LEAST_VALIDATION` and more, and the settings.
WORK: Mapping[Recipe, Callable[[Indices, int, FineTuningSettings], Work]] = {
    Recipe.AUTO: _auto,
    Recipe.LINEAR_PROBE: _linear_probe,
    Recipe.LAST_STAGE: _last_stage,
    Recipe.ALL_LAYERS: _all_layers,
}
