"""What the work of a job found, and the check of what a worker sends of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection

from task2vec.embedding.files import load_pictures
from task2vec.embedding.settings import MOST_PASSES
from task2vec.embedding.settings import EmbeddingSettings as Usual
from task2vec.errors import InputError, SpaceMismatchError, TooLargeError
from task2vec.finetuning.result import Tuned, read_tuned
from task2vec.messages.base import Answer
from task2vec.messages.leases import Report
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.work import Work
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.parsing.embeddings import (
    LONGEST_WARNING,
    MOST_WARNINGS,
    check_embedding,
    read_details,
    read_embedding,
    read_hashes,
)
from task2vec.service.parsing.parsers import Parser
from task2vec.service.tasks.subjects import Subject, files_signature
from task2vec.service.workspace import Workspace
from task2vec.types import Provenance, TaskEmbedding
from task2vec.types.image_hashes import ImageHashes
from task2vec.types.names import visible

#: Stores what a job made in the given transaction, and returns the job's answer; or, of a job with
#: several steps, what is left to do.
Commit = Callable[[Connection], Answer | Work]

_NOTHING = Report(seconds=0.0)
_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_THUMBNAIL = 1 << 20


@dataclass(frozen=True, eq=False)
class Findings:
    """What there is to store or to answer with.

    ``embedded`` are data sets by role: "task", or "source" and "target" of a distance;
    ``checkpoint`` is the file of what was ``tuned``. ``job`` is the id of the job, where it is one.
    """

    report: Report = _NOTHING
    embedded: Mapping[str, Subject] = field(default_factory=dict)
    tuned: Tuned | None = None
    checkpoint: Path | None = None
    job: str = ""

    @property
    def measured(self) -> dict[str, ProbeAccuracy]:
        """The linear probes by their model's id; raises `InputError` for errors of no probe."""
        probes, errors = self.report.measured or {}, self.report.errors or {}
        if not set(errors) <= set(probes):
            raise InputError(
                "The worker's errors of linear probes cannot be",
                expected="one for each model that it probed",
                got=", ".join(f"{error:g} for {name}" for name, error in errors.items()),
            )
        return {
            name: ProbeAccuracy(np.asarray(correct, dtype=np.bool_), errors.get(name))
            for name, correct in probes.items()
        }


def receive(
    workspace: Workspace,
    job: str,
    sent: Report,
    files: Mapping[str, Path],
    *,
    embeds: Mapping[str, str],
    settings: EmbeddingSettings,
) -> Findings:
    """Return what a worker sent, if it can be what it was asked for.

    Args:
        workspace: the store.
        job: its id.
        sent: the message.
        files: by field of the form: "embedding.ROLE" (.npz), "thumbnail.ROLE" (PNG) and
            "checkpoint" (.safetensors), which lies on the store's disk.
        embeds: the data sets that it was to embed, their ids by role.
        settings: how.

    Raises:
        InputError: for an embedding that is missing or damaged, or that no embedder writes, and
            for more or longer warnings than any work gives.
        TooLargeError: for one that unpacks to more than any embedding takes.
        SpaceMismatchError: for one that was computed in another way than asked, or with other
            weights than the stored tasks of its probe, or without the elements of its space.
    """
    warnings = _shown(sent.warnings)
    embedded = {}
    for role, id_ in embeds.items():
        dataset = workspace.store().datasets.get(id_)
        path = files.get(f"embedding.{role}")
        if path is None:
            raise InputError(
                f"The worker sent no embedding of the {role}",
                expected=f"a file embedding.{role}",
                got=", ".join(name for name in files if name.startswith("embedding.")) or "none",
            )
        embedding = _read(workspace, path, role, settings=settings)
        embedded[role] = Subject(
            dataset.name,
            embedding,
            None,
            None,
            warnings,
            hashes=_hashes(path, role, embedding, settings=settings),
            files=files_signature(dataset.sha256),
            details=read_details(path, embedding),
            thumbnail=_thumbnail(files.get(f"thumbnail.{role}")),
            pictures=load_pictures(path, embedding),
        )
    return Findings(
        report=sent.model_copy(update={"warnings": warnings}),
        embedded=embedded,
        tuned=None if sent.tuned is None else read_tuned(sent.tuned),
        checkpoint=files.get("checkpoint"),
        job=job,
    )


def _shown(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Return the warnings as they are stored and shown to others."""
    longest = max(map(len, warnings), default=0)
    if len(warnings) > MOST_WARNINGS or longest > LONGEST_WARNING:
        raise InputError(
            "The worker's warnings are too many or too long",
            expected=f"at most {MOST_WARNINGS}, of {LONGEST_WARNING:,} characters",
            got=f"{len(warnings)}, of up to {longest:,} characters",
        )
    return tuple(map(visible, warnings))


def _read(
    workspace: Workspace, path: Path, role: str, *, settings: EmbeddingSettings
) -> TaskEmbedding:
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
    _check_settings(embedding.provenance, role, settings=settings)
    _check_weights(workspace, embedding.provenance, role)
    elements = workspace.store().tasks.elements(embedding.space)
    if elements not in (None, embedding.values.size):
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} does not fit its space",
            expected=f"{elements} elements, as the stored tasks have",
            got=f"{embedding.values.size}",
        )
    return embedding


def _check_settings(provenance: Provenance, role: str, *, settings: EmbeddingSettings) -> None:
    space, usual = provenance.space, Usual()
    draws = [settings.estimator.draws(settings.draws, classes=provenance.classes)]
    if settings.standard_error is not None:
        # Further passes add draws where the images did not suffice.
        more = [passes * settings.draws for passes in range(2, MOST_PASSES + 1)]
        draws += [settings.estimator.draws(some, classes=provenance.classes) for some in more]
    most = _most_images(provenance, settings)
    actual = {
        "probe": provenance.probe_name,
        "estimator": provenance.estimator,
        "draws": provenance.draws,
        "seed": provenance.seed,
        "head_penalty": space.head_penalty,
        "prior_precision": space.prior_precision,
    }
    expected = {
        "probe": settings.probe,
        "estimator": settings.estimator.value,
        "draws": provenance.draws if provenance.draws in draws else draws[0],
        "seed": settings.seed,
        "head_penalty": usual.head_penalty,
        "prior_precision": usual.prior_precision,
    }
    if actual != expected or provenance.images > most:
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} is not what was asked for",
            expected=f"{_listed(expected)}, at most {most} images",
            got=f"{_listed(actual)}, {provenance.images} images",
        )


def _most_images(provenance: Provenance, settings: EmbeddingSettings) -> int:
    # Every class gives two images, also where that is more than was asked for.
    return max(settings.images, 2 * provenance.classes)


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _check_weights(workspace: Workspace, provenance: Provenance, role: str) -> None:
    known = workspace.store().tasks.fingerprints(provenance.probe_name)
    if known and provenance.space.probe not in known:
        raise SpaceMismatchError(
            f"The worker's embedding of the {role} was made with other weights than stored ones",
            expected=f"the probe {provenance.probe_name} with fingerprint {' or '.join(known)}",
            got=provenance.space.probe,
            remedy="Give the worker the version of the probe that the stored tasks were embedded "
            "with; or, to begin anew with this one, remove them.",
        )


def _thumbnail(path: Path | None) -> bytes | None:
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


def _hashes(
    path: Path, role: str, embedding: TaskEmbedding, *, settings: EmbeddingSettings
) -> ImageHashes | None:
    """Return the hashes of a role's images; None from a worker that sends none."""
    hashes = read_hashes(path, embedding)
    most = _most_images(embedding.provenance, settings)
    if hashes is not None and len(hashes) > most:
        raise InputError(
            f"The worker's image hashes of the {role} are not what was asked for",
            expected=f"at most {most}",
            got=str(len(hashes)),
        )
    return hashes
