"""Probes, and the map of the task space."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from task2vec.messages.base import Answer, Question
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
