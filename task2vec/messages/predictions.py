"""What an expert says of images."""

from collections.abc import Sequence

from pydantic import Field

from task2vec.errors import InputError
from task2vec.messages.base import Answer, Name, Question
from task2vec.types.jobs import Priority


class NewPrediction(Question):
    """Classify the images of an uploaded data set with an expert. It takes a job."""

    model: Name = Field(description="An expert, by name or id: what fine-tuning made.")
    dataset: Name = Field(
        description="An uploaded archive (.zip or .tar), with or without labels: these do not "
        "matter here."
    )
    remove_dataset: bool = Field(
        False, description="Remove the data set as soon as no job needs it any more."
    )
    priority: Priority = Priority.NORMAL


class Prediction(Answer):
    """The likeliest class of one image, and the probability of every class by name.

    Of an image that could not be read there is only ``error``, a short reason.
    """

    path: str
    label: str | None
    probability: float | None
    probabilities: dict[str, float] | None
    error: str | None = None


def prediction(path: str, shares: Sequence[float], classes: Sequence[str]) -> Prediction:
    """Return what the shares of the classes, in their order, say of an image."""
    best = max(range(len(shares)), key=shares.__getitem__)
    return Prediction(
        path=path,
        label=classes[best],
        probability=shares[best],
        probabilities=dict(zip(classes, shares, strict=True)),
    )


def unreadable(path: str, reason: str) -> Prediction:
    """Return what there is to say of an image that could not be read."""
    return Prediction(path=path, label=None, probability=None, probabilities=None, error=reason)


class Predictions(Answer):
    """What an expert says of the images of a data set, in the order in which they lie there.

    Paths are those in the archive. The probabilities are calibrated as ``warnings`` say.
    """

    model: str
    classes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    seconds: float
    warnings: tuple[str, ...]


def no_classes(name: str) -> InputError:
    """Return the error for a model that was never taught classes of a task."""
    return InputError(
        f"Model '{name}' has no classes of its own to choose from",
        expected="an expert, as `task2vec finetune` makes it",
        got="a plain pretrained model",
        remedy=f"Fine-tune it on labelled images first: `task2vec finetune FOLDER --from {name}`.",
    )
