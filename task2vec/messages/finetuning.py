"""What fine-tuning answers: the new expert, and how it was chosen and tested."""

from pydantic import Field

from task2vec.messages.base import Answer
from task2vec.types import ChosenBy, Recipe


class RecipeScore(Answer):
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing."""

    accuracy: float
    loss: float | None = Field(description="Null of a training that diverged.")


class RecipeChoice(Answer):
    """Linear probe or fine-tuning, by their scores on the same ``images`` images.

    The test images took no part in it. Scores are null with one image a class.
    """

    chosen: Recipe
    by: ChosenBy
    images: int
    learning_rate: float
    linear_probe: RecipeScore | None
    fine_tuning: RecipeScore | None
    noise: float | None = Field(
        None,
        description="The standard error of the difference of their accuracies; null where the loss "
        "alone decided.",
    )
    reason: str


class ClassAccuracy(Answer):
    """The accuracy on a class's own test images."""

    label: str
    images: int
    accuracy: float


class Tuned(Answer):
    """A new expert with its honest accuracy, None where no image could be held out.

    ``balanced_accuracy`` is the mean over ``by_class``, where classes of few images count as much
    as others. ``choice`` is null of an expert that an earlier version made. ``resumed`` says in
    words where an interrupted run was gone on with, such as ``fold 2 of 3, epoch 4 of 8``; null
    where there was none.
    """

    model: str
    task: str
    accuracy: float | None
    interval: tuple[float, float] | None
    test_images: int
    balanced_accuracy: float | None = None
    by_class: tuple[ClassAccuracy, ...] = ()
    choice: RecipeChoice | None = None
    protocol: str
    epochs: int
    best_epoch: int
    seconds: float
    resumed: str | None = None
    warnings: tuple[str, ...]
