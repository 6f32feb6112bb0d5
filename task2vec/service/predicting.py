"""Classifying new images with an expert, and giving the expert away as an ONNX file."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.data.formats.images import Images, find_images
from task2vec.finetune.card import ClassifierCard, read_classifier_card
from task2vec.finetune.classless import no_classes
from task2vec.probe.weight_files import referenced_file
from task2vec.service.models.zoo import checked_ref, get_model
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord

if TYPE_CHECKING:
    from task2vec.embedding.engine import LocalEngine
    from task2vec.finetune.classifier import Classifier
    from task2vec.finetune.predict import Prediction

#: Told of (images done, images in all).
Progress = Callable[[int, int], None]


def predict(
    workspace: Workspace,
    model: str,
    paths: Sequence[str | os.PathLike[str]],
    *,
    progress: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> "Iterator[Prediction]":
    """Return an iterator over the predictions of an expert, in the order of the images.

    ``warn`` hears of what was left out, and of probabilities that are not what they seem. What is
    wrong with the question is raised at once; an image that cannot be read is a prediction with
    ``error``, and stops nothing.

    Raises `UnknownNameError` for the model, `InputError` for one without classes, `StoreError` and
    `WeightsError` for a checkpoint that is gone or altered, `SourceError` where no image is found.
    """
    reference, card = expert_file(workspace, get_model(workspace, model))
    return predict_by(
        lambda: workspace.engine, reference, card, paths, progress=progress, warn=warn
    )


def predict_by(
    engine: "Callable[[], LocalEngine]",
    reference: str,
    card: ClassifierCard,
    paths: Sequence[str | os.PathLike[str]],
    *,
    progress: Progress | None = None,
    warn: Callable[[str], None] | None = None,
) -> "Iterator[Prediction]":
    """Do what `predict` does by the file of an expert: ``reference`` is its ``file:PATH``."""
    images = find_images(paths)
    for warning in (*images.warnings, *card.warnings):
        if warn is not None:
            warn(warning)
    classifier = classifier_of(engine(), reference, card)
    return _counted(classifier, images, progress)


def export_onnx(workspace: Workspace, model: str, target: Path) -> ModelRecord:
    """Write an expert to a .onnx file, whole or not at all, and return its record.

    Raises as `predict` does, and as `task2vec.finetune.onnx.export_onnx` does.
    """
    # Before torch is loaded, which takes seconds.
    record = get_model(workspace, model)
    from task2vec.finetune import onnx

    # Tracing takes a minute.
    onnx.check_onnx_target(target)
    reference, card = expert_file(workspace, record)
    onnx.export_onnx(classifier_of(workspace.engine, reference, card), target)
    return record


def classifier_of(engine: "LocalEngine", reference: str, card: ClassifierCard) -> "Classifier":
    """Return the classifier of an expert's file, on the engine's device."""
    from task2vec.finetune.classifier import load_classifier

    return load_classifier(engine.probe(reference), referenced_file(reference), card)


def expert_file(workspace: Workspace, record: ModelRecord) -> tuple[str, ClassifierCard]:
    """Return the ``file:PATH`` of an expert and what it states of its classes.

    Raises `InputError` for a model without classes, `StoreError` and `WeightsError` for a
    checkpoint that is gone or altered.
    """
    reference = checked_ref(workspace, record)
    # Weights from a package or a hub were taught the classes of somebody else's data.
    if not reference.startswith("file:"):
        raise no_classes(record.name)
    return reference, read_classifier_card(referenced_file(reference), name=record.name)


def _counted(
    classifier: "Classifier", images: Images, progress: Progress | None
) -> "Iterator[Prediction]":
    from task2vec.finetune.predict import predictions

    total = len(images)
    for done, prediction in enumerate(predictions(classifier, images.read()), start=1):
        yield prediction
        if progress is not None:
            progress(done, total)
