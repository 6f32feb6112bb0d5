"""What workers send, checked before anything is made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from task2vec.distance import task_complexity
from task2vec.embedding.settings import MOST_PASSES, EmbeddingSettings
from task2vec.errors import InputError, SpaceMismatchError, TooLargeError
from task2vec.jobs.checks import source_signature
from task2vec.service.parsing.embedding_files import read_details, read_embedding, read_hashes
from task2vec.service.parsing.parsers import Parser
from task2vec.service.tasks.dataset_sources import source_of
from task2vec.service.tasks.provenance import LONGEST_WARNING, MOST_WARNINGS, check_embedding
from task2vec.service.workspace import Workspace
from task2vec.types import DatasetRecord, Estimator, Provenance, TaskEmbedding, TaskRecord
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.names import visible

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_THUMBNAIL = 1 << 20


@dataclass(frozen=True)
class ImageShares:
    """Of one image the share of each class, or why it could not be read."""

    path: str
    shares: Sequence[float] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Found:
    """What a worker found.

    ``embeddings`` (.npz) and ``thumbnails`` (PNG) are files by role: "task", or "source" and
    "target". ``measured`` says by model id which images its linear probe got right when they were
    held out and ``errors`` its squared error, ``tuned`` what fine-tuning gave, ``predicted`` what
    an expert gives of each image, and ``checkpoint`` (.safetensors) lies on the store's disk.
    Raises `InputError` for seconds that no work takes, and for more or longer warnings than any
    work gives.
    """

    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    measured: Mapping[str, Sequence[bool]] | None = None
    errors: Mapping[str, float] | None = None
    tuned: Mapping[str, Any] | None = None
    predicted: Sequence[ImageShares] | None = None
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
        longest = max(map(len, self.warnings), default=0)
        if len(self.warnings) > MOST_WARNINGS or longest > LONGEST_WARNING:
            raise InputError(
                "The worker's warnings are too many or too long",
                expected=f"at most {MOST_WARNINGS}, of {LONGEST_WARNING:,} characters",
                got=f"{len(self.warnings)}, of up to {longest:,} characters",
            )
        # They are stored, and shown to others.
        object.__setattr__(self, "warnings", tuple(visible(w) for w in self.warnings))


def read_received(
    workspace: Workspace, found: Found, role: str, *, settings: Mapping[str, Any]
) -> TaskEmbedding:
    """Return the embedding of a role, if it is one as it was asked for.

    Raises:
        InputError: when there is none, it is damaged, or no embedder writes such.
        TooLargeError: when it unpacks to more than any embedding takes.
        SpaceMismatchError: when it was computed in another way than asked, or with other weights
            than the stored tasks of its probe, or does not have the elements of its space.
    """
    path = found.embeddings.get(role)
    if path is None:
        raise InputError(
            f"The worker sent no embedding of the {role}",
            expected=f"a file embedding.{role}",
            got=", ".join(f"embedding.{name}" for name in found.embeddings) or "none",
        )
    try:
        workspace.parse(Parser.EMBEDDING, path)
        _, embedding = read_embedding(path)
    except TooLargeError:
        raise
    except InputError as error:
        # The file may be sound, and what it holds beside the embedding may not fit.
        raise InputError(
            f"The worker's embedding of the {role} cannot be used: {error.problem}",
            expected=error.expected,
            got=error.got,
        ) from error
    check_embedding(embedding)
    _check_asked(embedding.provenance, role, settings=settings)
    _check_probe(workspace, embedding.provenance, role)
    elements = workspace.store().tasks.elements(embedding.space)
    if elements not in (None, embedding.values.size):
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} does not fit its space",
            expected=f"{elements} elements, as the stored tasks have",
            got=f"{embedding.values.size}",
        )
    return embedding


def _check_asked(provenance: Provenance, role: str, *, settings: Mapping[str, Any]) -> None:
    space, usual = provenance.space, EmbeddingSettings()
    estimator = Estimator(settings["estimator"])
    draws = [estimator.draws(settings["draws"], classes=provenance.classes)]
    if settings.get("standard_error") is not None:
        # Further passes add draws where the images did not suffice.
        more = [passes * settings["draws"] for passes in range(2, MOST_PASSES + 1)]
        draws += [estimator.draws(some, classes=provenance.classes) for some in more]
    most = _most_images(provenance, settings)
    told = {
        "probe": provenance.probe_name,
        "estimator": provenance.estimator,
        "draws": provenance.draws,
        "seed": provenance.seed,
        "head_penalty": space.head_penalty,
        "prior_precision": space.prior_precision,
    }
    asked = {
        "probe": settings["probe"],
        "estimator": settings["estimator"],
        "draws": provenance.draws if provenance.draws in draws else draws[0],
        "seed": settings["seed"],
        "head_penalty": usual.head_penalty,
        "prior_precision": usual.prior_precision,
    }
    if told != asked or provenance.images > most:
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} is not what was asked for",
            expected=f"{_listed(asked)}, at most {most} images",
            got=f"{_listed(told)}, {provenance.images} images",
        )


def _most_images(provenance: Provenance, settings: Mapping[str, Any]) -> int:
    # Every class gives two images, also where that is more than was asked for.
    return max(int(settings["images"]), 2 * provenance.classes)


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _check_probe(workspace: Workspace, provenance: Provenance, role: str) -> None:
    known = workspace.store().tasks.fingerprints(provenance.probe_name)
    if known and provenance.space.probe not in known:
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} was made with other weights than stored ones",
            expected=f"the probe {provenance.probe_name} with fingerprint {' or '.join(known)}",
            got=provenance.space.probe,
            remedy="Give the worker the version of the probe that the stored tasks were embedded "
            "with; or, to begin anew with this one, remove them.",
        )


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


def received_hashes(
    found: Found, role: str, embedding: TaskEmbedding, *, settings: Mapping[str, Any]
) -> ImageHashes | None:
    """Return the hashes of a role's images, whose ``embedding`` was received.

    None from a worker that sends none. Raises `InputError` for more than images were asked for.
    """
    hashes = read_hashes(found.embeddings[role], embedding)
    most = _most_images(embedding.provenance, settings)
    if hashes is not None and len(hashes) > most:
        raise InputError(
            f"The worker's image hashes of the {role} are not what was asked for",
            expected=f"at most {most}",
            got=str(len(hashes)),
        )
    return hashes


def received_details(found: Found, role: str, embedding: TaskEmbedding) -> EmbeddingDetails | None:
    """Return what answers about a role are explained by; None from a worker that sends none.

    Raises `InputError` for what does not fit the ``embedding``, which was received.
    """
    return read_details(found.embeddings[role], embedding)


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
        source_signature=source_signature(dataset.sha256, settings),
        created="",
        tags=tuple(tags),
        warnings=found.warnings,
    )
