"""Probes, and the map of the task space."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from task2vec.messages.base import Answer, Question
from task2vec.types import Space
from task2vec.types.names import LONGEST_NAME


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

    method: MapMethod = Field(MapMethod.MDS, description="How it is laid out.")
    tag: str | None = Field(None, max_length=LONGEST_NAME, description="Only tasks with this tag.")
    thumbnails: bool = Field(False, description="Draw the tasks' pictures.")
    seed: int = Field(0, ge=0, lt=2**32, description="Of the layout.")


class MapColumnsQuestion(Question):
    """Which tasks are on the map of all tasks."""

    probe: str | None = Field(
        None,
        max_length=LONGEST_NAME,
        description="Only tasks of this probe. Default: of the space with the most tasks.",
    )


class MapColumns(Answer):
    """All tasks of a space on the map: the i-th task has the i-th entry of each column.

    Tasks are placed by their distances to some of them, the landmarks. A new task moves no other,
    until there are twice as many. ``stress`` says how far lengths to landmarks are off.
    """

    space: Space | None = Field(None, description="Null where there is no task.")
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    x: tuple[float, ...] = Field((), description="In units of distance, as `y`.")
    y: tuple[float, ...] = ()
    tags: tuple[tuple[str, ...], ...] = ()
    classes: tuple[int, ...] = ()
    images: tuple[int, ...] = ()
    complexity: tuple[float | None, ...] = ()
    standard_error: tuple[float | None, ...] = ()
    bundles: tuple[str | None, ...] = ()
    thumbnails: tuple[bool, ...] = Field((), description="Whether there is a picture of it.")
    stress: float = 0.0
    landmarks: int = 0
    warnings: tuple[str, ...] = ()


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
