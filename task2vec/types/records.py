"""What is stored of tasks, models and outcomes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from task2vec.types.provenance import Provenance


@dataclass(frozen=True)
class TaskRecord:
    """A task in the store, without its vectors.

    ``source`` is the path it was read from and ``source_signature`` what `batch` compares to see
    whether the source changed since. ``complexity`` is the symmetric distance to the trivial task.
    """

    id: str
    name: str
    provenance: Provenance
    complexity: float
    seconds: float
    source: str
    source_signature: str
    created: str
    tags: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields that every command shows of a task."""
        provenance = self.provenance
        return {
            "id": self.id,
            "name": self.name,
            "probe": provenance.probe_name,
            "space": provenance.space.model_dump(),
            "images": provenance.images,
            "classes": provenance.classes,
            "complexity": self.complexity,
            "standard_error": provenance.standard_error,
            "seconds": self.seconds,
            "tags": list(self.tags),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class ModelRecord:
    """A starting model of the zoo.

    ``ref`` says where it is loaded from (``probe:NAME``, ``timm:NAME``, ``hf-hub:ORG/NAME``,
    ``file:PATH?arch=NAME``); ``task`` is the id of the task it is an expert of, if any;
    ``parameters`` is their number (of an expert its file's; see
    `task2vec.service.models.model_sizes` for what it counts as), ``input_size`` pixels per side,
    ``sha256`` that of the file of its weights, where that is one of this machine. ``start`` is the
    id of the model that it was fine-tuned from and ``lineage`` the ids of the tasks that this one
    and its own starts were experts of, the last first: their images were seen, too. Both are of
    experts that were made here.
    """

    id: str
    name: str
    ref: str
    architecture: str
    task: str | None
    parameters: int | None
    input_size: int | None
    licence: str | None
    created: str
    sha256: str | None = None
    start: str | None = None
    lineage: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields that every command shows of a model."""
        return {**asdict(self), "lineage": list(self.lineage)}


@dataclass(frozen=True)
class Outcome:
    """The measured quality of a starting model after fine-tuning on a task.

    ``model`` and ``task`` are ids; ``accuracy`` and its 95 % ``interval`` are fractions in [0, 1];
    only outcomes of one ``protocol`` may be compared. ``images`` is the number of test images.
    """

    id: str
    model: str
    task: str
    accuracy: float
    protocol: str
    interval: tuple[float, float] | None = None
    images: int | None = None
    seed: int | None = None
    created: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields that every command shows of an outcome."""
        return {**asdict(self), "interval": list(self.interval) if self.interval else None}
