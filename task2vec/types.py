"""The records that every layer shares: embeddings, their space and provenance, and what is stored.

Nothing here loads torch, so that a client may use these types without the machinery.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import SettingError, SpaceMismatchError

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """The set of embeddings that may be compared with each other.

    ``probe`` is the probe's fingerprint, ``estimator`` the estimator family (every estimator of
    the Fisher information belongs to ``"fisher"``: they agree in expectation), ``head_penalty``
    the L2 penalty of the head on the mean loss, ``prior_precision`` the constant that is added to
    every element before any distance.
    """

    probe: str
    estimator: str
    head_penalty: float
    prior_precision: float

    def check_same(self, other: "Space") -> None:
        """Raise `SpaceMismatchError`, naming the fields that differ, unless both are one space."""
        differing = [f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name)]
        if differing:
            raise SpaceMismatchError(
                "These embeddings live in different spaces",
                expected=", ".join(f"{n} = {getattr(self, n)}" for n in differing),
                got=", ".join(f"{n} = {getattr(other, n)}" for n in differing),
                remedy="Embed both tasks with the same probe and settings.",
            )


@dataclass(frozen=True)
class HeadFit:
    """How the fit of the head ended: see `task2vec.probe.head`."""

    converged: bool
    iterations: int
    gradient_norm: float
    loss: float
    training_accuracy: float


@dataclass(frozen=True)
class Provenance:
    """Everything that an embedding depends on; two equal provenances give equal embeddings.

    ``images`` and ``classes`` count what was used, ``content_hash`` is the SHA-256 of the used
    images with their labels, ``standard_error`` the expected symmetric distance between two
    repeats.
    """

    space: Space
    probe_name: str
    estimator: str
    draws: int
    seed: int
    images: int
    classes: int
    class_names: tuple[str, ...]
    content_hash: str
    standard_error: float
    head: HeadFit
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` is its inverse."""
        return {**asdict(self), "class_names": list(self.class_names)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Provenance":
        """Rebuild from what `to_json` returned."""
        return cls(
            **{
                **data,
                "space": Space(**data["space"]),
                "head": HeadFit(**data["head"]),
                "class_names": tuple(data["class_names"]),
            }
        )


@dataclass(frozen=True, eq=False)
class TaskEmbedding:
    """One non-negative number per convolution filter of the probe, with its provenance.

    ``values`` (n,) is the mean of the diagonal Fisher information over each filter's weights,
    ``errors`` (n,) the standard error of each element. Both are float32 and read-only.
    """

    values: Vector
    errors: Vector
    provenance: Provenance

    def __post_init__(self) -> None:
        for name in ("values", "errors"):
            array = np.array(getattr(self, name), dtype=np.float32)
            if array.ndim != 1 or not np.isfinite(array).all() or (array < 0).any():
                raise SettingError(
                    f"The {name} of an embedding are unusable",
                    expected="one finite, non-negative number per filter",
                    got=f"an array of shape {array.shape} with minimum {array.min(initial=0.0)}",
                )
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if self.values.shape != self.errors.shape:
            raise SettingError(
                "An embedding needs one standard error per element",
                expected=f"{self.values.size} errors",
                got=f"{self.errors.size}",
            )

    @property
    def space(self) -> Space:
        """The space that this embedding may be compared in."""
        return self.provenance.space


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
            "space": asdict(provenance.space),
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
    ``parameters`` is their number, ``input_size`` pixels a side.
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

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields that every command shows of a model."""
        return asdict(self)


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


@dataclass(frozen=True)
class Neighbour:
    """A task near another one, with the distance between them and that distance's standard error."""

    id: str
    name: str
    distance: float
    standard_error: float

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields."""
        return asdict(self)
