"""One leased job: its data is fetched, the work done, and its findings or failure handed in."""

import errno
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import ValidationError

from task2vec.data.formats.images import find_images
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.files import save_embedding
from task2vec.errors import (
    JobCancelledError,
    MissingExtraError,
    ServiceError,
    SettingError,
    Task2VecError,
    WeightsError,
)
from task2vec.extras import lacking_at
from task2vec.jobs.findings import Findings
from task2vec.jobs.jobs import KINDS
from task2vec.jobs.workbench import Workbench
from task2vec.messages import leases as wire
from task2vec.messages.leases import Failure
from task2vec.messages.models import Model
from task2vec.messages.work import EmbedWork, LentDataset, Work
from task2vec.service.tasks.subjects import Subject
from task2vec.types import JobKind
from task2vec.worker.downloads import Downloads
from task2vec.worker.heartbeat import Halt, Heartbeat
from task2vec.worker.resume_cache import ResumeCache
from task2vec.worker.server import Server

logger = logging.getLogger(__name__)

W = TypeVar("W", bound=Work)


_LONGEST = 10_000
_NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "out of memory")


@dataclass(frozen=True)
class Done:
    """What is handed in: the findings, and their files."""

    findings: wire.Findings
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Station:
    """What a worker works with: its server, and what it has on this machine."""

    server: Server
    engine: LocalEngine
    downloads: Downloads
    resume_cache: ResumeCache


class LeasedJob:
    """Does the work of a lease; what it makes lies in ``folder``."""

    def __init__(self, lease: wire.Lease, folder: Path, station: Station) -> None:
        self.lease = lease
        self._station = station
        #: What files of this machine are called in what the server is told.
        self._folder = folder
        self._shown: dict[Path, str] = {folder: "the worker's folder"}

    def run(self, heartbeat: Heartbeat) -> Done | wire.Failure | None:
        """Do the work; None where nobody waits for it any more.

        ``heartbeat`` hears of the progress and says when to stop.
        """
        try:
            return self._packed(self._work(heartbeat))
        except JobCancelledError:
            return self._stopped(heartbeat)
        except Exception as error:
            logger.exception("job %s failed", self.lease.job)
            if out_of_memory(error):
                self._station.engine.free_memory()
            return failure_of(error, fence=self.lease.fence, shown=self._shown)

    def _work(self, heartbeat: Heartbeat) -> Findings:
        kind, job = KINDS[self.lease.kind], self.lease.job
        if kind.run is None:
            raise SettingError("This is no work for a worker", got=self.lease.kind)
        work = _understood(kind.work, self.lease)
        tell = partial(heartbeat.progress, "downloading")
        finetunes = self.lease.kind in (JobKind.FINETUNE, JobKind.COMPARE)
        if finetunes and self._station.resume_cache.begun(job):
            logger.info("job %s: goes on with what was begun on this machine", job)
        paths = {role: self._fetched(about, tell) for role, about in work.datasets.items()}
        predicts = self.lease.kind is JobKind.PREDICT
        model = getattr(work, "model", None)
        bench = Workbench(
            self._station.engine,
            tasks={}
            if predicts
            else {role: self._open(work, role, path) for role, path in paths.items()},
            images=find_images([paths["images"]]) if predicts else None,
            model=None if model is None else self._start(model, tell),
            checkpoint=self._folder / "checkpoint.safetensors",
            unfinished=self._station.resume_cache.place(job) if finetunes else None,
            progress=heartbeat.progress,
            error=heartbeat.tell_error,
            plan=self._plan,
            reference=lambda model: self._start(model, tell),
        )
        return kind.run(work, bench)

    def _fetched(self, about: LentDataset, tell: Callable[[int, int], None]) -> Path:
        path = self._station.downloads.get(
            about.sha256,
            size=about.bytes,
            suffix=about.format,
            fetch=lambda: self._station.server.dataset(about.id),
            progress=tell,
        )
        self._shown[path] = about.name
        return path

    def _open(self, work: Work, role: str, path: Path) -> Task:
        about = work.datasets[role]
        name = work.name if isinstance(work, EmbedWork) else about.name
        # Where it lies here is nobody's business.
        return replace(open_source(path, name=name, trusted=False), source=about.name)

    def _start(self, model: Model | wire.PlannedModel, tell: Callable[[int, int], None]) -> str:
        """Return the reference of a model; that of an expert is a file of ours."""
        if not model.ref.startswith("store:"):
            return model.ref
        if model.sha256 is None:
            raise WeightsError(
                f"It is not known what the checkpoint of {model.name} must be",
                remedy="It was made by an earlier version: fine-tune anew.",
            )
        path = self._station.downloads.get(
            model.sha256,
            size=None,
            suffix=".safetensors",
            fetch=lambda: self._station.server.checkpoint(model.id),
            progress=tell,
        )
        self._shown[path] = model.name
        return f"file:{path}"

    def _plan(self, embedded: Subject) -> Sequence[wire.PlannedModel]:
        """Return what the server would like to have measured; () where it does not say."""
        path = self._folder / "plan.npz"
        _save(embedded, path)
        try:
            return self._station.server.plan(self.lease, path).models
        except Task2VecError as error:
            # The packaged models can be measured without it.
            logger.warning("job %s: no plan of what to measure: %s", self.lease.job, error)
            return ()

    def _packed(self, found: Findings) -> Done:
        folder, files = self._folder, dict[str, Path]()
        for role, embedded in found.embedded.items():
            files[f"embedding.{role}"] = folder / f"{role}.npz"
            _save(embedded, folder / f"{role}.npz")
            files[f"thumbnail.{role}"] = folder / f"{role}.png"
            (folder / f"{role}.png").write_bytes(embedded.thumbnail or b"")
        if found.checkpoint is not None:
            files["checkpoint"] = found.checkpoint
        report = dict(found.report)
        report["failed"] = _plain(found.report.failed, self._shown)
        if found.tuned is not None:
            report["tuned"] = found.tuned.model_dump(mode="json")
        return Done(wire.Findings(fence=self.lease.fence, **report), files)

    def _stopped(self, heartbeat: Heartbeat) -> wire.Failure | None:
        if heartbeat.halt is not Halt.CANCELLED:
            return None
        self._station.resume_cache.drop(self.lease.job)
        return wire.Failure(
            fence=self.lease.fence, code=JobCancelledError.code, problem="The job was cancelled"
        )


def _understood(work: type[W], lease: wire.Lease) -> W:
    """Return what the job of a lease is about; raises `ServiceError`."""
    try:
        found = work.model_validate(lease.payload)
        if found.datasets:
            return found
        got = "no data sets"
    except ValidationError as error:
        got = f"{error.error_count()} faults"
    raise ServiceError(
        "What the server wants done is not understood",
        expected=f"the work of a job of the kind {lease.kind}",
        got=got,
        remedy="Use the same version of task2vec on both sides.",
    )


def _save(embedded: Subject, path: Path) -> None:
    save_embedding(
        embedded.embedding,
        path,
        name=embedded.name,
        hashes=embedded.hashes,
        details=embedded.details,
        pictures=embedded.pictures,
    )


def failure_of(error: Exception, *, fence: int, shown: dict[Path, str]) -> Failure:
    """Return what the server is told; in its texts, files are called as in ``shown``.

    What the question or its data are to blame for would fail again. What this machine or the
    connection are to blame for is transient, and so is what nobody foresaw, of which no more is
    told than its kind: the rest is for the log of this machine.
    """
    problem: str | None
    expected = got = remedy = None
    transient = True
    if out_of_memory(error):
        code, problem = "out_of_memory", "The worker ran out of memory"
        remedy = "Use fewer images, or a worker with more memory."
    elif isinstance(error, Task2VecError):
        if isinstance(error, MissingExtraError):
            error = lacking_at("worker", error)
        code, transient = error.code, isinstance(error, ServiceError)
        parts = (error.problem, error.expected, error.got, error.remedy)
        problem, expected, got, remedy = (_plain(part, shown) for part in parts)
    elif isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        code, problem = "worker_disk_full", "The disk of the worker is full"
    else:
        code, problem = "internal", "The worker failed in a way that nobody foresaw"
        got, remedy = type(error).__name__, "The worker's log says more."
    return Failure(
        fence=fence,
        code=code,
        problem=problem or "The work failed",
        expected=expected,
        got=got,
        remedy=remedy,
        transient=transient,
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of this machine or of its device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # What torch raises for the memory of the CPU, and libraries for threads and mappings.
    told = isinstance(error, RuntimeError) and any(w in str(error).lower() for w in _NO_MEMORY)
    return told or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def _plain(text: str | None, shown: dict[Path, str]) -> str | None:
    if text is None:
        return None
    for path, name in shown.items():
        text = text.replace(str(path), name)
    return text[:_LONGEST]
