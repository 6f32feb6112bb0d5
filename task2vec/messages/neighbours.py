"""Neighbours of a task, and the distances between two."""

from enum import StrEnum
from typing import Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from task2vec.messages.base import EITHER_TASK_OR_DATASET, Answer, Many, Name, Question
from task2vec.messages.settings import EmbeddingSettings


class NeighbourGeometry(StrEnum):
    """How nearness is measured: docs/adr/0017-symmetric-distance-default.md.

    ``symmetric``: the symmetric distance, corrected for noise. ``centred``: 1 - cosine of the logs,
    centred over the stored tasks and then over the elements; it holds its noise.
    """

    SYMMETRIC = "symmetric"
    CENTRED = "centred"


class Subject(Question):
    """A stored task, by name or id, or an uploaded data set that is embedded on the fly."""

    model_config = ConfigDict(json_schema_extra=EITHER_TASK_OR_DATASET)

    task: Name | None = Field(None, description="A stored task, by name or id.")
    dataset: Name | None = Field(
        None, description="An uploaded data set, by id: it is embedded for this answer only."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.task is None) == (self.dataset is None):
            raise ValueError("give either task or dataset")
        return self


class NeighbourFilter(Question):
    """Which of the near tasks are wanted, and by which distance."""

    k: int = Field(5, ge=1, le=1000, description="How many.")
    asymmetric: bool = Field(
        False,
        description="Order as *sources* for this task: of two equally near, the more complex one "
        "first.",
    )
    geometry: NeighbourGeometry = Field(
        NeighbourGeometry.SYMMETRIC,
        description="The distance that orders: `symmetric`, corrected for noise, or `centred`, "
        "which is not, depends on the stored tasks, and has no asymmetric form.",
    )
    tags: Many[Name] = Field((), max_length=50, description="Only tasks with all of these.")
    min_classes: int | None = Field(None, ge=1, description="The fewest classes of a task.")
    max_classes: int | None = Field(None, ge=1, description="The most classes of a task.")

    @field_validator("geometry")
    @classmethod
    def _with_a_direction(
        cls, geometry: NeighbourGeometry, others: ValidationInfo
    ) -> NeighbourGeometry:
        if geometry is NeighbourGeometry.CENTRED and others.data.get("asymmetric"):
            raise ValueError(
                f"{NeighbourGeometry.SYMMETRIC} or without asymmetric, since the centred geometry "
                "has no asymmetric distance"
            )
        return geometry


class SearchQuestion(NeighbourFilter, Subject):
    """Which tasks are near? With ``asymmetric`` they are ordered as *sources* for this one."""

    model_config = ConfigDict(
        json_schema_extra={
            **EITHER_TASK_OR_DATASET,
            "examples": [{"task": "greek_capitals", "k": 3}],
        }
    )

    settings: EmbeddingSettings = Field(
        EmbeddingSettings(), description="How a data set is embedded; a stored task is not."
    )


class Neighbour(Answer):
    """A task near another one; a smaller distance is nearer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "tsk_299a30e986a2eac9",
                    "name": "latin_small_letters",
                    "distance": 0.334838,
                    "standard_error": 0.0211152,
                    "interval": [0.28963, 0.380046],
                    "rank": 1,
                    "shares_images": False,
                    "shared_images": 0,
                    "shared_share": 0.0,
                    "images": 24,
                }
            ]
        }
    )

    id: str
    name: str
    distance: float | None = Field(
        description="Corrected for noise, and so below 0 where only noise is between the two; "
        "centred ones, from 0 to 2, are not."
    )
    standard_error: float | None
    interval: tuple[float | None, float | None] = Field(
        description="The 95 % interval of the distance."
    )
    rank: int = Field(
        description="From 1. Tasks of one rank are as near as the first of them for all that is "
        "known: their distances differ by less than the noise of the difference."
    )
    shares_images: bool | None = Field(
        None,
        description="Whether it was embedded from images of the task that was asked about: then "
        "they are near for that reason, too. Null where the hashes of either are not known.",
    )
    shared_images: int | None = Field(
        None, description="How many of the images used of that task it has, as far as was looked."
    )
    shared_share: float | None = Field(None, description="The same as a fraction.")
    images: int | None = Field(None, description="How many images it was embedded from.")


class Neighbours(Answer):
    """The nearest tasks, nearest first."""

    task: str
    neighbours: tuple[Neighbour, ...]
    left_out: dict[str, str] = Field(
        {},
        description="Tasks that a bundle brought and that are passed over, since they have the "
        "images and labels of a task of your own: that one by its name.",
    )
    warnings: tuple[str, ...] = ()


class DistanceQuestion(Question):
    """How far are two tasks apart, both ways?"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"source": {"task": "greek_capitals"}, "target": {"task": "fashion_tops"}}]
        }
    )

    source: Subject
    target: Subject
    settings: EmbeddingSettings = Field(
        EmbeddingSettings(), description="How a data set is embedded; a stored task is not."
    )


class BothWays(Answer):
    """A distance that depends on who is the source."""

    source_to_target: float | None
    target_to_source: float | None


class Complexities(Answer):
    """The complexity of each side."""

    source: float | None
    target: float | None


class Distances(Answer):
    """All distances between a source and a target; ``information`` is in nats.

    They are corrected for noise, which may make them negative. The nats have one term per filter,
    not per weight, and leave out how far the weights themselves move.
    """

    source: str
    target: str
    symmetric: float | None
    standard_error: float | None = Field(description="Of the symmetric distance.")
    interval: tuple[float | None, float | None] = Field(
        description="The 95 % interval of the symmetric distance."
    )
    asymmetric: BothWays
    information: BothWays
    information_standard_error: BothWays = Field(
        BothWays(source_to_target=None, target_to_source=None),
        description="Of the information distances; null where too few images tell one.",
    )
    complexity: Complexities
    same_images: bool = Field(
        False,
        description="Whether both were embedded from the same images with the same labels: they "
        "are one task, and the distances are 0.",
    )
    nearer: int = Field(
        0,
        description="How many other stored tasks are nearer to the source than the target is, "
        "before the correction for noise.",
    )
    compared: int = Field(
        0, description="Of how many stored tasks: all comparable ones, or 50 of them."
    )
    warnings: tuple[str, ...] = ()
