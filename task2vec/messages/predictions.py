"""What an expert says of images."""

from pydantic import Field

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


class Predictions(Answer):
    """What an expert says of the images of a data set, in the order in which they lie there.

    Paths are those in the archive. The probabilities are calibrated as ``warnings`` say.
    """

    model: str
    classes: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    seconds: float
    warnings: tuple[str, ...]
