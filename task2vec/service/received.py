"""What workers send, checked before anything is made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from task2vec.distance import task_complexity
from task2vec.embedding.files import load_embedding
from task2vec.errors import InputError, SpaceMismatchError
from task2vec.service.provenance import check_embedding
from task2vec.service.questions import source_of, source_signature
from task2vec.service.workspace import Workspace
from task2vec.types import DatasetRecord, TaskEmbedding, TaskRecord
from task2vec.types.names import visible

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_THUMBNAIL = 1 << 20


@dataclass(frozen=True)
class Found:
    """What a worker found.

    ``embeddings`` (.npz) and ``thumbnails`` (PNG) are files by role: "task", or "source" and
    "target". ``measured`` says by model id which images its linear probe got right when they were
    held out, ``tuned`` what fine-tuning gave, and ``checkpoint`` (.safetensors) lies on the
    store's disk. Raises `InputError` for seconds that no work takes.
    """

    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    measured: Mapping[str, Sequence[bool]] | None = None
    tuned: Mapping[str, Any] | None = None
    embeddings: Mapping[str, Path] = field(default_factory=dict)
    thumbnails: Mapping[str, Path] = field(default_factory=dict)
    checkpoint: Path | None = None

    def __post_init__(self) -> None:
        if not (isfinite(self.seconds) and self.seconds >= 0):
            raise InputError(
                "The worker's time is none",
                expected="a finite number of seconds, at least 0",
                got=str(self.seconds),
            )
        # They are stored, and shown to others.
        object.__setattr__(self, "warnings", tuple(visible(w) for w in self.warnings))


def read_received(
    workspace: Workspace, found: Found, role: str, *, settings: Mapping[str, Any]
) -> TaskEmbedding:
    """Return the embedding of a role, if it is one as it was asked for.

    Raises:
        InputError: when there is none, it is damaged, or no embedder writes such.
        SpaceMismatchError: when it was computed in another way than asked, or does not have the
            elements of its space.
    """
    path = found.embeddings.get(role)
    if path is None:
        raise InputError(
            f"The worker sent no embedding of the {role}",
            expected=f"a file embedding.{role}",
            got=", ".join(f"embedding.{name}" for name in found.embeddings) or "none",
        )
    try:
        _, embedding = load_embedding(path)
    except InputError as error:
        # Names no path of the server.
        raise InputError(
            f"The worker's embedding of the {role} is damaged", got=str(error.__cause__)
        ) from error
    check_embedding(embedding)
    provenance = embedding.provenance
    told = (provenance.probe_name, provenance.estimator, provenance.seed)
    asked = (settings["probe"], settings["estimator"], settings["seed"])
    # Every class gives two images, also where that is more than was asked for.
    most = max(settings["images"], 2 * provenance.classes)
    if told != asked or provenance.images > most:
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} is not what was asked for",
            expected=f"probe, estimator and seed {asked}, at most {most} images",
            got=f"{told}, {provenance.images} images",
        )
    elements = workspace.store().tasks.elements(embedding.space)
    if elements not in (None, embedding.values.size):
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} does not fit its space",
            expected=f"{elements} elements, as the stored tasks have",
            got=f"{embedding.values.size}",
        )
    return embedding


def received_thumbnail(found: Found, role: str) -> bytes | None:
    """Return the picture of a role, if one came; raises `InputError` for anything but a PNG."""
    path = found.thumbnails.get(role)
    if path is None:
        return None
    with path.open("rb") as file:
        data = file.read(_LARGEST_THUMBNAIL + 1)
    if not data.startswith(_PNG) or len(data) > _LARGEST_THUMBNAIL:
        raise InputError(
            "The worker's thumbnail is unusable",
            expected=f"a PNG of at most {_LARGEST_THUMBNAIL} bytes",
            got=f"{len(data)} bytes",
        )
    return data


def received_task(
    dataset: DatasetRecord,
    embedding: TaskEmbedding,
    found: Found,
    *,
    name: str,
    settings: Mapping[str, Any],
    tags: Sequence[str] = (),
) -> TaskRecord:
    """Return the record of a task that was embedded from a data set, ready to be stored."""
    return TaskRecord(
        id="",
        name=name,
        provenance=embedding.provenance,
        complexity=task_complexity(embedding),
        seconds=found.seconds,
        source=source_of(dataset.id),
        source_signature=source_signature(dataset, settings),
        created="",
        tags=tuple(tags),
        warnings=found.warnings,
    )
