"""Fine-tuning a starting model on a source: a new expert, and an outcome for where it started."""

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from task2vec.data.task import Task
from task2vec.errors import NameTakenError
from task2vec.finetune.result import Tuned
from task2vec.finetune.settings import FineTuningSettings
from task2vec.service.models.experts import new_checkpoint, register_tuned
from task2vec.service.models.zoo import check_model_name, checked_ref, get_model
from task2vec.service.tasks.subjects import open_named, reopen, stored_task
from task2vec.service.tasks.tasks import EmbedRequest, embed
from task2vec.service.workspace import Workspace
from task2vec.types import ModelRecord, TaskRecord

if TYPE_CHECKING:
    from task2vec.embedding.embedder import Progress as EmbedProgress
    from task2vec.embedding.settings import EmbeddingSettings


_UNFINISHED = "unfinished"


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
    """The new expert, the task it was fine-tuned on, and how it went."""

    model: ModelRecord
    task: TaskRecord
    tuned: Tuned

    @property
    def accuracy(self) -> float | None:
        """The share of test images that were right; None where none could be held out."""
        return self.tuned.accuracy

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the accuracy."""
        return self.tuned.interval

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        tuned = self.tuned
        return {
            "model": self.model.name,
            "task": self.task.name,
            "accuracy": tuned.accuracy,
            "interval": list(tuned.interval) if tuned.interval else None,
            "test_images": len(tuned.correct),
            "balanced_accuracy": tuned.balanced_accuracy,
            "by_class": [
                {"label": each.label, "images": each.images, "accuracy": each.accuracy}
                for each in tuned.by_class
            ],
            "choice": tuned.choice and {**asdict(tuned.choice), "reason": tuned.choice.reason},
            "protocol": tuned.protocol,
            "epochs": tuned.epochs,
            "best_epoch": tuned.best_epoch,
            "seconds": tuned.seconds,
            "resumed": tuned.resumed,
            "warnings": list(tuned.warnings),
        }


def finetune(
    workspace: Workspace,
    request: FineTuneRequest,
    *,
    progress: "EmbedProgress | None" = None,
    embed_progress: "EmbedProgress | None" = None,
) -> FineTuneResult:
    """Fine-tune, test on images that took no part, register the expert, record the outcome.

    The source becomes a stored task if it is not one yet. Expert and outcome are stored together,
    once the checkpoint is on disk; an interruption leaves the store without them, and the same call
    then goes on from the last epoch that is on disk. ``progress`` is called with (what is being
    done in words, images done, images of this step); the words begin with `GOING_ON` where that is.

    Raises `NameTakenError` before any work when the expert's name is taken, `SourceError` when the
    source cannot be used, has several labels per image or, of a stored task, is gone or changed.
    """
    from task2vec.finetune.splits import check_one_label

    start = get_model(workspace, request.start)
    record, task = _source(workspace, request.source)
    check_one_label(task)
    name = request.name or f"{task.name}-from-{start.name}"
    check_model_name(workspace, name)
    workspace.check_writable()
    # It loads torch, which takes seconds: what can be refused is refused before.
    from task2vec.finetune.run import Expert, forget, tune

    # Before the task is stored: a starting model that cannot be loaded changes nothing.
    probe = workspace.engine.probe(checked_ref(workspace, start))
    if record is None:
        record = _embedded(workspace, task, request.embedding, embed_progress)
    with new_checkpoint(workspace) as path:
        tuned = tune(
            probe,
            task,
            images=request.images,
            settings=request.settings,
            expert=Expert(name=name, task=record.name, start=start.name),
            target=path,
            progress=progress,
            unfinished=workspace.path / _UNFINISHED,
        )
        expert, _ = register_tuned(workspace, tuned, path, name=name, start=start, task=record)
    forget(workspace.path / _UNFINISHED, name)
    return FineTuneResult(expert, record, tuned)


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
    return record, reopen(workspace, record)
