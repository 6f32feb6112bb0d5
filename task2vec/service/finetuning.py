"""Fine-tuning a starting model on a source: a new expert, and an outcome for where it started."""

from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from task2vec.data.task import Task
from task2vec.errors import NameTakenError, SourceError
from task2vec.recommend.finetune import (
    FineTuningSettings,
    Progress,
    classify,
    fine_tune,
)
from task2vec.recommend.holdout import hold_out
from task2vec.recommend.intervals import wilson_interval
from task2vec.service.experts import save_expert
from task2vec.service.subjects import open_named, reopen, stored_task
from task2vec.service.tasks import EmbedRequest, embed
from task2vec.service.workspace import Workspace
from task2vec.service.zoo import (
    get_model,
    list_models,
    loadable_ref,
    remove_model,
)
from task2vec.store.identity import check_name
from task2vec.types import ModelRecord, Outcome, TaskRecord

if TYPE_CHECKING:
    from task2vec.embedding.embedder import Progress as EmbedProgress
    from task2vec.embedding.settings import EmbeddingSettings


@dataclass(frozen=True)
class FineTuneRequest:
    """``source`` is a stored task or a path, ``start`` a model's name, ``images`` a bound.

    ``name`` is the new expert's, by default TASK-from-START; ``embedding`` is how a source that is
    not stored yet is embedded.
    """

    source: str
    start: str
    name: str | None = None
    images: int = 400
    settings: FineTuningSettings = field(default_factory=FineTuningSettings)
    embedding: "EmbeddingSettings | None" = None


@dataclass(frozen=True, eq=False)
class FineTuneResult:
    """The new expert, and the honest accuracy: ``correct`` (T,) says which test images were right.

    ``accuracy`` is None where the source has too few images to hold any out.
    """

    model: ModelRecord
    task: TaskRecord
    accuracy: float | None
    interval: tuple[float, float] | None
    correct: NDArray[np.bool_]
    test_keys: tuple[str, ...]
    protocol: str
    epochs: int
    best_epoch: int
    seconds: float
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        return {
            "model": self.model.name,
            "task": self.task.name,
            "accuracy": self.accuracy,
            "interval": list(self.interval) if self.interval else None,
            "test_images": len(self.correct),
            "protocol": self.protocol,
            "epochs": self.epochs,
            "best_epoch": self.best_epoch,
            "seconds": self.seconds,
            "warnings": list(self.warnings),
        }


def finetune(
    workspace: Workspace,
    request: FineTuneRequest,
    *,
    progress: Progress | None = None,
    embed_progress: "EmbedProgress | None" = None,
) -> FineTuneResult:
    """Fine-tune, test on images that took no part, register the expert, record the outcome.

    The source becomes a stored task if it is not one yet. The expert is registered only when its
    checkpoint is on disk; an interruption leaves the store without it.

    Raises `NameTakenError` before any work when the expert's name is taken, `SourceError` when the
    source cannot be used or, of a stored task, is gone or has changed.
    """
    start = get_model(workspace, request.start)
    record, task = _source(workspace, request.source)
    name = request.name or f"{task.name}-from-{start.name}"
    check_name(name)
    if any(model.name == name for model in list_models(workspace)):
        raise NameTakenError(
            f"There is a model named '{name}' already", remedy="Choose another with --name."
        )
    workspace.check_writable()
    # Before the task is stored: a starting model that cannot be loaded changes nothing.
    probe = workspace.engine.probe(loadable_ref(workspace, start))
    if record is None:
        record = _embedded(workspace, task, request.embedding, embed_progress)
    started = perf_counter()
    parts = hold_out(
        task, images=request.images, seed=request.settings.seed, transform=probe.preprocess
    )
    tuned = fine_tune(
        probe,
        parts.training,
        parts.validation,
        classes=len(parts.classes),
        settings=request.settings,
        progress=progress,
    )
    correct = np.zeros(0, dtype=np.bool_)
    if parts.test.images:
        logits = classify(tuned.backbone, tuned.classifier, probe, parts.test.images)
        correct = logits.argmax(dim=1).numpy() == parts.test.labels
    seconds = perf_counter() - started
    trained = len(parts.training.images)
    protocol = (
        f"fine-tuning/1 {probe.card.preprocessing.input_size}px "
        f"{trained} images seed {request.settings.seed}"
    )
    expert = save_expert(
        workspace,
        name=name,
        start=start,
        task=record,
        probe=probe,
        tuned=tuned,
        classes=parts.classes,
    )
    accuracy, interval = None, None
    if len(correct):
        accuracy = float(correct.mean())
        interval = wilson_interval(int(correct.sum()), len(correct))
        try:
            _record(
                workspace,
                start,
                record,
                accuracy=accuracy,
                interval=interval,
                protocol=protocol,
                images=len(correct),
                settings=request.settings,
                expert=expert,
            )
        except BaseException:
            # An expert without its outcome would be half of what was asked for.
            remove_model(workspace, expert.id)
            raise
    return FineTuneResult(
        model=expert,
        task=record,
        accuracy=accuracy,
        interval=interval,
        correct=correct,
        test_keys=parts.test.keys,
        protocol=protocol,
        epochs=tuned.epochs,
        best_epoch=tuned.best_epoch,
        seconds=seconds,
        warnings=(*task.warnings, *parts.warnings, *_unseen(parts.validation.keys)),
    )


def _unseen(validation: tuple[str, ...]) -> list[str]:
    if validation:
        return []
    return ["too few images a class to validate on: the last epoch is kept, good or bad"]


def _embedded(
    workspace: Workspace,
    task: Task,
    settings: "EmbeddingSettings | None",
    progress: "EmbedProgress | None",
) -> TaskRecord:
    try:
        return embed(workspace, EmbedRequest(source=task, settings=settings), progress)
    except NameTakenError as error:
        # --name is the expert's name here, and an update would turn outcomes into another task's.
        raise NameTakenError(
            f"Another task is named '{task.name}' already, or the source has changed since",
            remedy=f"Embed the source under another name, `task2vec embed {task.source} --name "
            "NAME`, and fine-tune on that.",
        ) from error


def _source(workspace: Workspace, source: str) -> tuple[TaskRecord | None, Task]:
    record = stored_task(workspace, source)
    if record is None:
        task = open_named(workspace, source)
        # The same source under the same name is the task that is stored already.
        known = stored_task(workspace, task.name)
        if known is not None and known.source_signature.startswith(task.signature):
            return known, task
        return None, task
    reopened = reopen(record)
    if reopened is None:
        raise SourceError(
            f"The images of {record.name} are not where they were, or have changed",
            expected=f"the source that was embedded, {record.source}",
            remedy="Put them back, or embed them anew: task2vec embed FOLDER --name NAME.",
        )
    return record, reopened


def _record(
    workspace: Workspace,
    start: ModelRecord,
    task: TaskRecord,
    *,
    accuracy: float,
    interval: tuple[float, float],
    protocol: str,
    images: int,
    settings: FineTuningSettings,
    expert: ModelRecord,
) -> Outcome:
    return workspace.store(create=True).outcomes.add(
        Outcome(
            id="",
            model=start.id,
            task=task.id,
            accuracy=accuracy,
            interval=interval,
            protocol=protocol,
            images=images,
            seed=settings.seed,
            details={"expert": expert.id, "settings": asdict(settings)},
        )
    )
