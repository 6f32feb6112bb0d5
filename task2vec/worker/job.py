"""One leased job: its data is fetched, the work done, and what was found handed in."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from task2vec.data.formats.images import Images, find_images
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.files import save_embedding
from task2vec.errors import JobCancelledError, Task2VecError, WeightsError
from task2vec.finetune.predict import Prediction
from task2vec.jobs.findings_message import EmbeddedRole, Findings
from task2vec.jobs.run import Order, Work
from task2vec.messages import leases as wire
from task2vec.types import JobKind
from task2vec.worker.downloads import Downloads
from task2vec.worker.failures import failure_of, out_of_memory
from task2vec.worker.heartbeat import Halt, Heart
from task2vec.worker.resume_cache import Kept
from task2vec.worker.server import Server

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """What is handed in: the findings, and their files."""

    findings: wire.Findings
    files: Mapping[str, Path]


class LeasedJob:
    """Does the work of a lease; what it makes lies in ``folder``."""

    def __init__(
        self,
        lease: wire.Lease,
        folder: Path,
        *,
        server: Server,
        engine: LocalEngine,
        downloads: Downloads,
        kept: Kept,
    ) -> None:
        self.lease = lease
        self._server = server
        self._engine = engine
        self._downloads = downloads
        self._kept = kept
        #: What files of this machine are called in what the server is told.
        self._folder = folder
        self._shown: dict[Path, str] = {folder: "the worker's folder"}

    def run(self, heart: Heart) -> Done | wire.Failure | None:
        """Do the work; None where nobody waits for it any more.

        ``heart`` hears of the progress and says when to stop.
        """
        try:
            return self._packed(self._work(heart))
        except JobCancelledError:
            return self._stopped(heart)
        except Exception as error:
            logger.exception("job %s failed", self.lease.job)
            if out_of_memory(error):
                self._engine.free_memory()
            return failure_of(error, fence=self.lease.fence, shown=self._shown)

    def _work(self, heart: Heart) -> Findings:
        payload = self.lease.payload
        tell = _stopping(heart)
        work = Work(
            self._engine,
            tell=heart.tell,
            stopped=heart.stopped,
            error=heart.tell_error,
            plan=self._plan,
            reference=lambda model: self._start(model, tell),
        )
        kind, datasets = self.lease.kind, payload["datasets"]
        predicts = kind is JobKind.PREDICT
        if kind is JobKind.FINETUNE and self._kept.begun(self.lease.job):
            logger.info("job %s: goes on with what was begun on this machine", self.lease.job)
        order = Order(
            kind=kind,
            payload=payload,
            tasks={}
            if predicts
            else {role: self._open(about, tell) for role, about in datasets.items()},
            images=self._images(datasets["images"], tell) if predicts else None,
            folder=self._folder,
            start=self._start(payload["model"], tell)
            if kind in (JobKind.FINETUNE, JobKind.PREDICT)
            else None,
            unfinished=self._kept.place(self.lease.job) if kind is JobKind.FINETUNE else None,
        )
        return work.do(order)

    def _fetched(self, about: Mapping[str, Any], tell: Callable[[int, int], None]) -> Path:
        path = self._downloads.get(
            about["sha256"],
            size=about["bytes"],
            suffix=about["format"],
            fetch=lambda: self._server.dataset(about["id"]),
            progress=tell,
        )
        self._shown[path] = about["name"]
        return path

    def _images(self, about: Mapping[str, Any], tell: Callable[[int, int], None]) -> Images:
        return find_images([self._fetched(about, tell)])

    def _open(self, about: Mapping[str, Any], tell: Callable[[int, int], None]) -> Task:
        path = self._fetched(about, tell)
        name = self.lease.payload.get("name") if self.lease.kind is JobKind.EMBED else None
        task = open_source(path, name=name or about["name"], trusted=False)
        # Where it lies here is nobody's business.
        return replace(task, source=about["name"])

    def _start(self, model: Mapping[str, Any], tell: Callable[[int, int], None]) -> str:
        """Return the reference of a model; that of an expert is a file of ours."""
        if not str(model["ref"]).startswith("store:"):
            return str(model["ref"])
        if model.get("sha256") is None:
            raise WeightsError(
                f"It is not known what the checkpoint of {model['name']} must be",
                remedy="It was made by an earlier version: fine-tune anew.",
            )
        path = self._downloads.get(
            model["sha256"],
            size=None,
            suffix=".safetensors",
            fetch=lambda: self._server.checkpoint(model["id"]),
            progress=tell,
        )
        self._shown[path] = model["name"]
        return f"file:{path}"

    def _plan(self, embedded: EmbeddedRole) -> list[dict[str, Any]]:
        """Return what the server would like to have measured; [] where it does not say."""
        path = self._folder / "plan.npz"
        save_embedding(
            embedded.embedding,
            path,
            name=embedded.name,
            hashes=embedded.hashes,
            details=embedded.details,
        )
        try:
            plan = self._server.plan(self.lease, path)
        except Task2VecError as error:
            # The packaged models can be measured without it.
            logger.warning("job %s: no plan of what to measure: %s", self.lease.job, error)
            return []
        return [model.model_dump() for model in plan.models]

    def _packed(self, found: Findings) -> Done:
        folder, files = self._folder, dict[str, Path]()
        for role, embedded in found.embedded.items():
            files[f"embedding.{role}"] = folder / f"{role}.npz"
            save_embedding(
                embedded.embedding,
                folder / f"{role}.npz",
                name=embedded.name,
                hashes=embedded.hashes,
                details=embedded.details,
            )
            files[f"thumbnail.{role}"] = folder / f"{role}.png"
            (folder / f"{role}.png").write_bytes(embedded.thumbnail)
        if found.checkpoint is not None:
            files["checkpoint"] = found.checkpoint
        measured = found.measured
        return Done(
            wire.Findings(
                fence=self.lease.fence,
                seconds=found.seconds,
                warnings=found.warnings,
                source_signature=found.source_signature,
                measured=None
                if measured is None
                else {id_: tuple(probe.correct.tolist()) for id_, probe in measured.items()},
                errors=None
                if measured is None
                else {id_: p.error for id_, p in measured.items() if p.error is not None},
                tuned=None if found.tuned is None else found.tuned.to_json(),
                predicted=None if found.predicted is None else tuple(map(_shares, found.predicted)),
            ),
            files,
        )

    def _stopped(self, heart: Heart) -> wire.Failure | None:
        if heart.halt is not Halt.CANCELLED:
            return None
        self._kept.drop(self.lease.job)
        return wire.Failure(
            fence=self.lease.fence, code=JobCancelledError.code, problem="The job was cancelled"
        )


def _shares(found: Prediction) -> wire.Shares:
    shares = None if found.probabilities is None else tuple(found.probabilities.values())
    return wire.Shares(path=found.path, shares=shares, error=found.error)


def _stopping(heart: Heart) -> Callable[[int, int], None]:
    """Return what tells of downloaded bytes, and stops when the heart says so."""

    def tell(done: int, total: int) -> None:
        if heart.stopped():
            raise JobCancelledError("The work was stopped")
        heart.tell("downloading", done, total)

    return tell
