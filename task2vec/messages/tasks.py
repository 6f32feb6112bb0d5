"""Tasks: labelled image sets that have been embedded."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, SkipValidation, model_validator

from task2vec.messages.base import Answer, NewName, Page, Question, Tags, Time, utc_now
from task2vec.types.names import LONGEST_NAME
from task2vec.types.provenance import Provenance, Space

_EXAMPLE: dict[str, Any] = {
    "id": "tsk_89aa10184c63b910",
    "name": "greek_capitals",
    "probe": "efficientnet_lite0",
    "space": {
        "probe": "289a3e32d77a6016ef91fb26c763e83f50cfd46db018f4c7f0099c34f685f07d",
        "estimator": "fisher",
        "head_penalty": 0.01,
        "prior_precision": 1e-06,
    },
    "images": 24,
    "classes": 4,
    "complexity": 0.512627,
    "standard_error": 0.231338,
    "seconds": 13.2531,
    "tags": ["letters"],
    "warnings": ["only 24 images of 4 classes: the embedding is noisy, see its standard error"],
}


class Task(Answer):
    """A task in the store, without its vectors."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    probe: str
    space: Space
    images: int = Field(description="How many images were used.")
    classes: int
    complexity: float | None = Field(description="Symmetric distance to the trivial task.")
    standard_error: float | None = Field(
        description="The expected symmetric distance between two repeats of this embedding."
    )
    seconds: float
    tags: tuple[str, ...]
    warnings: tuple[str, ...]
    bundle: str | None = Field(
        None, description="The bundle that brought it; null for a task of your own."
    )


class TaskDetails(Task):
    """A task with its provenance."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_EXAMPLE,
                    "provenance": {
                        "space": _EXAMPLE["space"],
                        "probe_name": "efficientnet_lite0",
                        "estimator": "principal",
                        "draws": 1,
                        "seed": 0,
                        "images": 24,
                        "classes": 4,
                        "class_names": ["alpha", "beta", "chi", "delta"],
                        "content_hash": "fe3188b04b3f209cb9ccc5d23503d11d"
                        "3069de3702666c0228058701b3f176bc",
                        "standard_error": 0.231338,
                        "head": {
                            "converged": True,
                            "iterations": 11,
                            "gradient_norm": 2.20238e-08,
                            "loss": 0.00472393,
                            "training_accuracy": 1.0,
                        },
                        "versions": {"task2vec": "0.1.0", "torch": "2.13.0"},
                        "likelihood": "categorical",
                    },
                    "created": "2026-11-24T17:00:00Z",
                    "source": "dataset:dst_01kb2m2k4d6f8h0j",
                }
            ]
        }
    )

    provenance: Provenance
    created: Time
    source: str | None = Field(
        None, description="Where its images are read from; a server keeps its own paths to itself."
    )


class StoredTask(TaskDetails):
    """A task as the store keeps it, with what is nobody else's business.

    Validated as `Task` or `TaskDetails` it becomes one. What these repeat of the provenance is
    taken from there. Without a prior precision the complexity is nan.
    """

    id: str = ""
    complexity: float
    standard_error: float
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    created: Time = Field(default_factory=utc_now)
    # A path of this machine may hold bytes that are no UTF-8.
    source: Annotated[str, SkipValidation]
    source_signature: Annotated[str, SkipValidation] = Field(
        description="What `batch` compares to see whether the source changed since."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_embedded(cls, data: Any) -> Any:
        provenance = Provenance.model_validate(data["provenance"])
        return {
            **data,
            "provenance": provenance,
            "probe": provenance.probe_name,
            "space": provenance.space,
            "images": provenance.images,
            "classes": provenance.classes,
            "standard_error": provenance.standard_error,
        }


class TaskListing(Question):
    """Which stored tasks are listed: those that agree in all that is not None."""

    tag: str | None = Field(None, max_length=LONGEST_NAME, description="Only tasks with this tag.")
    probe: str | None = Field(
        None, max_length=LONGEST_NAME, description="Only tasks embedded with this probe."
    )
    name: str | None = Field(
        None,
        max_length=LONGEST_NAME,
        description="Only the task of this name: for one that no path can hold, such as `a/b`.",
    )
    bundles: bool = Field(True, description="Whether tasks that bundles brought are listed.")


class TaskPage(Page):
    """A part of the tasks, by name."""

    tasks: tuple[Task, ...]


class TaskEdit(Question):
    """What can change of a task; what is left out stays."""

    name: NewName | None = None
    tags: Tags | None = None


class TaskImport(TaskEdit):
    """What an embedding that was computed elsewhere is to be called; default: as its file says."""

    update: bool = False


class PicturedClass(Answer):
    """A class, and how many pictures a sheet has of it."""

    name: str
    pictures: int


class TaskPictures(Answer):
    """What is on the sheet of a task's pictures: a row for each class, its pictures from the left.

    Without ``classes`` there is no sheet: the images never were here, or none were to be kept.
    """

    id: str
    name: str
    side: int = Field(description="Of a picture, in pixels.")
    columns: int = Field(description="Pictures in the longest row.")
    classes: tuple[PicturedClass, ...] = Field(description="Those that have a row, from the top.")


class LayerInformation(Answer):
    """What the embedding has of a layer of the probe: natural logarithms of its elements."""

    name: str
    elements: int
    mean: float | None = Field(description="Their mean; null where an element is zero.")
    low: float | None = Field(description="Their first decile.")
    high: float | None = Field(description="Their last decile.")


class TaskLayers(Answer):
    """An embedding by layer, the prior precision added to each element.

    Without ``layers`` it is not known which element is of which: an earlier version embedded it.
    """

    id: str
    name: str
    space: Space
    layers: tuple[LayerInformation, ...] = Field(description="In the order of the network.")


class Embedding(Answer):
    """A task's vector: one non-negative number for each convolution filter of the probe."""

    id: str
    name: str
    values: tuple[float, ...] = Field(description="Mean diagonal Fisher over a filter's weights.")
    errors: tuple[float, ...] = Field(description="The standard error of each value.")
    provenance: Provenance
