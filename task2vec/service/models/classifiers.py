"""Experts as classifiers: their classes and their networks."""

from typing import TYPE_CHECKING

from task2vec.finetuning.card import ClassifierCard, read_classifier_card
from task2vec.finetuning.classless import no_classes
from task2vec.messages.models import Model
from task2vec.probe.weight_files import referenced_file
from task2vec.service.models.zoo import checked_ref
from task2vec.service.workspace import Workspace

if TYPE_CHECKING:
    from task2vec.embedding.engine import LocalEngine
    from task2vec.finetuning.predict import Classifier


def classifier_of(engine: "LocalEngine", reference: str, card: ClassifierCard) -> "Classifier":
    """Return the classifier of an expert's file, on the engine's device."""
    from task2vec.finetuning.predict import load_classifier

    return load_classifier(engine.probe(reference), referenced_file(reference), card)


def expert_file(workspace: Workspace, record: Model) -> tuple[str, ClassifierCard]:
    """Return the ``file:PATH`` of an expert and what it states of its classes.

    Raises `InputError` for a model without classes, `StoreError` and `WeightsError` for a
    checkpoint that is gone or altered.
    """
    reference = checked_ref(workspace, record)
    # Weights from a package or a hub were taught the classes of somebody else's data.
    if not reference.startswith("file:"):
        raise no_classes(record.name)
    return reference, read_classifier_card(referenced_file(reference), name=record.name)
