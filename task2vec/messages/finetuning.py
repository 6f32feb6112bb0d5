"""What fine-tuning answers: the new expert, and how it was chosen and tested."""

from math import isfinite
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from task2vec.messages.base import Answer
from task2vec.types import ChosenBy, Recipe


def _finite(loss: Any) -> Any:
    return None if isinstance(loss, float) and not isfinite(loss) else loss


class RecipeScore(Answer):
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing."""

    accuracy: float
    loss: Annotated[float | None, BeforeValidator(_finite)] = Field(
        description="Null of a training that diverged."
    )


class RecipeChoice(Answer):
    """Linear probe or all layers, by their scores on the same ``images`` images.

    The test images took no part in it. Scores are null with one image a class.
    """

    chosen: Recipe
    by: ChosenBy
    images: int
    learning_rate: float
    linear_probe: RecipeScore | None
    all_layers: RecipeScore | None = Field(
        # Earlier versions said "fine_tuning".
        validation_alias=AliasChoices("all_layers", "fine_tuning")
    )
    noise: float | None = Field(
        None,
        description="The standard error of the difference of their accuracies; null where the loss "
        "alone decided.",
    )
    reason: str


class CurvePoint(RecipeScore):
    """The score on the validation images after so many ``steps`` of training."""

    steps: int


class ClassAccuracy(Answer):
    """The accuracy on a class's own test images."""

    label: str
    images: int
    accuracy: float


class Tuned(Answer):
    """A new expert with its honest accuracy, None where no image could be held out.

    ``balanced_accuracy`` is the mean over ``by_class``, where classes of few images count as much
    as others. ``recipe`` is what the expert was made by, and ``choice`` how that was chosen, null
    where it was asked for. ``curve`` is the accuracy by step of what was trained, on the validation
    images; empty with fewer than 30 of these. Of an expert that an earlier version made ``recipe``
    is null, ``choice`` may be. ``resumed`` says in
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
    recipe: Recipe | None = None
    choice: RecipeChoice | None = None
    curve: tuple[CurvePoint, ...] = ()
    protocol: str
    epochs: int
    best_epoch: int
    seconds: float
    resumed: str | None = None
    warnings: tuple[str, ...]
