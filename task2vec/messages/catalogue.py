"""Probes, and the map of the task space."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from task2vec.messages.base import Answer, Question
from task2vec.types import ChosenBy, Recipe


class Probe(Answer):
    """A probe network that this server can embed with."""

    name: str
    architecture: str
    input_size: int
    filters: int | None
    packaged: bool
    licence: str | None
    weights: str | None = Field(None, description="Where its weights come from.")
    parameters: int | None = None
    description: str | None = None
    preprocessing: dict[str, Any] | None = None
    file_sha256: str | None = None
    layers: str | None = Field(
        None, description="Whose filters count: `all`, or those of `depthwise` convolutions."
    )


class Probes(Answer):
    """All probes."""

    probes: tuple[Probe, ...]


class MapMethod(StrEnum):
    """How the distances are laid out in the plane."""

    MDS = "mds"
    TSNE = "tsne"
    UMAP = "umap"


class MapQuestion(Question):
    """How the map is laid out; a task's first tag is its group."""

    method: MapMethod = MapMethod.MDS
    tag: str | None = None
    thumbnails: bool = False
    seed: int = 0


class MapPoint(Answer):
    """Where a task is on the map."""

    id: str
    name: str
    x: float
    y: float
    group: str | None
    classes: int


class TaskMap(Answer):
    """The map; ``stress`` says how far the picture is from the true distances."""

    points: tuple[MapPoint, ...]
    method: str
    stress: float
    warnings: tuple[str, ...] = ()


class RecipeScore(Answer):
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing."""

    accuracy: float
    loss: float


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
