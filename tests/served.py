"""What a server and its workers have before them: data sets, embeddings, checkpoints."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from factories import (
    PROVENANCE,
    SPACE,
    draw_replicates,
    make_embedding,
    make_model,
    make_record,
    replace,
)
from PIL import Image
from safetensors.numpy import save_file

from task2vec.embedding.files import save_embedding
from task2vec.finetuning.result import Choice, ClassAccuracy, CurvePoint, Score, Tuned
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.jobs import jobs, leases
from task2vec.jobs.jobs import KINDS
from task2vec.jobs.leases import complete
from task2vec.messages.base import Question
from task2vec.messages.datasets import StoredDataset
from task2vec.messages.leases import Findings, Shares
from task2vec.messages.models import Model
from task2vec.messages.outcomes import StoredOutcome
from task2vec.messages.tasks import StoredTask
from task2vec.service.datasets.datasets import accept
from task2vec.service.uploads import begin_upload
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobRecord
from task2vec.types import ChosenBy, JobKind, Recipe, TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import IMAGE_HASH, ImageHashes

NOW = 1_700_000_000.0
PREPROCESSING = {"input_size": 128, "mean": [0.5] * 3, "std": [0.5] * 3}
ELEMENTS = 16
SETTINGS = {
    "probe": "efficientnet_lite0",
    "images": 300,
    "estimator": "principal",
    "draws": 1,
    "standard_error": None,
    "seed": 0,
}


@dataclass(frozen=True)
class Found:
    """What a worker sends: files of embeddings and pictures by role, and the rest."""

    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    measured: Mapping[str, Sequence[bool]] | None = None
    errors: Mapping[str, float] | None = None
    timings: Mapping[str, Any] | None = None
    machine: str = ""
    tuned: Mapping[str, Any] | None = None
    predicted: Sequence[Shares] | None = None
    embeddings: Mapping[str, Path] = field(default_factory=dict)
    thumbnails: Mapping[str, Path] = field(default_factory=dict)
    checkpoint: Path | None = None

    def findings(self, fence: int) -> Findings:
        """Return the message."""
        return Findings.model_validate(
            {
                "fence": fence,
                "seconds": self.seconds,
                "warnings": self.warnings,
                "measured": self.measured,
                "errors": self.errors,
                "timings": self.timings,
                "machine": self.machine,
                "tuned": self.tuned,
                "predicted": self.predicted,
            }
        )

    @property
    def files(self) -> dict[str, Path]:
        """Return the files by the field of the form."""
        return {
            **{f"embedding.{role}": path for role, path in self.embeddings.items()},
            **{f"thumbnail.{role}": path for role, path in self.thumbnails.items()},
            **({} if self.checkpoint is None else {"checkpoint": self.checkpoint}),
        }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Workspace]:
    """The workspace of a server: with a store, and whatever engine it has is never started."""
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened
        assert opened._engine is None


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """Where a worker keeps what it sends."""
    return tmp_path / "sent"


def asking(kind: JobKind, **fields: Any) -> Question:
    """Return a question of a kind."""
    question: Question = KINDS[kind].question.model_validate(fields)
    return question


def send(workspace: Workspace, name: str, *, seed: int = 0) -> StoredDataset:
    """Upload an archive of two classes; another seed makes other bytes."""
    rng = np.random.default_rng(seed)
    with begin_upload(workspace, largest=10**6) as upload:
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for label in ("cat", "dog"):
                for number in range(3):
                    pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                    png = io.BytesIO()
                    Image.fromarray(pixels).save(png, "PNG")
                    entry = zipfile.ZipInfo(f"{label}/{number}.png")
                    archive.writestr(entry, png.getvalue())
        upload.write(data.getvalue())
        upload.close()
        return accept(workspace, upload.path, name=name, suffix=".zip", retention=1e6, now=NOW)


def embedding(number: int = 0, *, elements: int = ELEMENTS, **changed: Any) -> TaskEmbedding:
    """Make an embedding as a worker would for `SETTINGS`, or with other provenance."""
    rng = np.random.default_rng(number)
    values = np.exp(rng.normal(size=elements) - 9)
    provenance = replace(
        PROVENANCE,
        **{
            "probe_name": "efficientnet_lite0",
            "estimator": "principal",
            "draws": 1,
            "space": SPACE,
            "content_hash": f"{number:064}",
            **changed,
        },
    )
    return make_embedding(
        values,
        errors=0.1 * values,
        replicates=draw_replicates(rng, elements),
        provenance=provenance,
    )


def embedded(folder: Path, number: int = 0, *, role: str = "task", **changed: Any) -> Found:
    """Write what a worker sends that has embedded one data set."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{role}-{number}.npz"
    save_embedding(embedding(number, **changed), path, name=role)
    picture = folder / f"{role}-{number}.png"
    Image.new("RGB", (4, 4), (number % 256, 0, 0)).save(picture)
    return Found(
        seconds=2.5,
        warnings=("one image could not be read",),
        embeddings={role: path},
        thumbnails={role: picture},
    )


def tuned(
    workspace: Workspace,
    seed: int = 0,
    *,
    new: bool = False,
    **stated: Any,
) -> Found:
    """Write what a worker sends that has fine-tuned; ``new``: of a task that it embedded too.

    The checkpoint may have ``stated`` something else of itself.
    """
    folder = workspace.path / "uploads"
    found = embedded(folder, seed) if new else Found()
    about = {
        "architecture": "tf_efficientnet_lite0",
        "preprocessing": PREPROCESSING,
        "best_epoch": 2,
        **stated,
    }
    path = folder / f"expert-{seed}.safetensors"
    weights = np.full((3, 5), seed, dtype=np.float32)
    save_file({"layer.weight": weights}, path, metadata={"task2vec": json.dumps(about)})
    result = Tuned(
        correct=(True, True, False, True),
        test_keys=("a", "b", "c", "d"),
        protocol="fine-tuning/1 128px 16 images seed 0",
        epochs=4,
        best_epoch=2,
        seconds=9.5,
        settings=FineTuningSettings(seed=seed),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        warnings=("few images",),
        recipe=Recipe.ALL_LAYERS,
        curve=(
            CurvePoint(steps=4, accuracy=0.75, loss=1.0),
            CurvePoint(steps=8, accuracy=0.5, loss=float("inf")),
        ),
        choice=Choice(
            chosen=Recipe.ALL_LAYERS,
            by=ChosenBy.VALIDATION,
            images=32,
            learning_rate=1e-3,
            linear_probe=Score(accuracy=0.5, loss=1.25),
            all_layers=Score(accuracy=0.75, loss=1.0),
            noise=0.1,
        ),
        by_class=(
            ClassAccuracy(label="cat", images=1, correct=1),
            ClassAccuracy(label="dog", images=3, correct=2),
        ),
    )
    return replace(found, tuned=result.model_dump(mode="json"), checkpoint=path)


def lend(workspace: Workspace, kind: JobKind, question: dict[str, Any]) -> JobRecord:
    """Ask, and be the worker that gets the job."""
    job = jobs.submit(workspace, asking(kind, **question), now=NOW)
    lent = leases.lease(workspace, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    assert lent.job.id == job.id
    return lent.job


def end(
    workspace: Workspace, job: JobRecord, found: Found, *, fence: int | None = None
) -> JobRecord:
    """Send what a worker found, five seconds after it got the job."""
    sent = found.findings(job.fence if fence is None else fence)
    return complete(workspace, job.id, sent=sent, files=found.files, now=NOW + 5)


def embed(workspace: Workspace, sent: Path, name: str, *, seed: int, **more: Any) -> JobRecord:
    """Upload and embed a data set."""
    dataset = send(workspace, name, seed=seed)
    job = lend(workspace, JobKind.EMBED, {"dataset": dataset.id, **more})
    return end(workspace, job, embedded(sent, seed))


def hashes(
    count: int, *, seed: int, of: ImageHashes | None = None, first: int = 0, near: bool = False
) -> ImageHashes:
    """Make hashes, the ``first`` of them those of another task; near: of other pixels."""
    rng = np.random.default_rng(seed)
    made = np.zeros(count, IMAGE_HASH)
    made["digest"] = rng.integers(0, 2**63, count, dtype=np.uint64)
    made["words"] = rng.integers(0, 2**64, (count, 4), dtype=np.uint64)
    made["colours"] = rng.integers(0, 256, (count, 48))
    if of is not None:
        made[:first] = of[:first]
        made["digest"][:first] += np.uint64(near)
    return made


def add_task(
    workspace: Workspace,
    name: str,
    number: int,
    *,
    made: Mapping[str, Any] | None = None,
    hashes: ImageHashes | None = None,
    details: EmbeddingDetails | None = None,
    **changed: Any,
) -> StoredTask:
    """Store a task with the embedding of a number, ``made`` in another way where that is given."""
    vector = embedding(number, **(made or {}))
    record = replace(make_record(name, provenance=vector.provenance), **changed)
    return workspace.store().tasks.add(record, vector, hashes=hashes, details=details)


def expert_of(workspace: Workspace, task: StoredTask, **about: Any) -> Model:
    """Store an expert of a task, which nothing can load."""
    name = about.pop("name", f"{task.name}-expert")
    ref = f"timm:resnet18?of={name.replace(' ', '-')}"
    model = make_model(name, ref=ref, architecture="r", task=task.id, **about)
    return workspace.store().models.add(model)


def add_outcome(workspace: Workspace, model: Model | str, task: str, accuracy: float) -> None:
    """Record what fine-tuning a model, or the one of a name, on the task with an id gave."""
    id_ = workspace.store().models.get(model).id if isinstance(model, str) else model.id
    workspace.store().outcomes.add(
        StoredOutcome(model=id_, task=task, accuracy=accuracy, protocol="ours", images=900)
    )
