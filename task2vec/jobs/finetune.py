"""Fine-tuning: a new expert, its outcome and, where it is new, the task; at once, or as a job."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from task2vec.errors import InputError, NameTakenError, SettingError
from task2vec.finetuning.result import Tuned as Result
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.jobs.embed import add_task, embed, new_task, source_signature
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, new_dataset, resolved
from task2vec.jobs.workbench import Workbench, silent
from task2vec.messages.base import Answer
from task2vec.messages.finetuning import ClassAccuracy, CurvePoint, RecipeChoice, Tuned
from task2vec.messages.jobs import NewEmbedding, NewTuning
from task2vec.messages.leases import Report
from task2vec.messages.settings import EmbeddingSettings, TuningSettings
from task2vec.messages.tasks import StoredTask
from task2vec.messages.work import FinetuneWork
from task2vec.service.models.experts import new_checkpoint, register_tuned, sweep_experts
from task2vec.service.models.zoo import check_model_name, checked_ref, get_model
from task2vec.service.tasks.dataset_sources import (
    name_taken,
    named_dataset,
    same_bytes,
    source_of,
)
from task2vec.service.tasks.subjects import open_named, reopen, stored_task
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import new_id
from task2vec.store.tasks.task_rows import task_named
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import Progress

_EXPERT = "mdl_"
_UNFINISHED = "unfinished"


def check(workspace: Workspace, question: NewTuning) -> Checked[FinetuneWork]:
    """Return what a job for the question is about.

    Raises `SettingError` unless it names either a task or a data set, `UnknownNameError` for one
    that is not there, `NameTakenError` for the name of another task or model, `SourceError` when
    the images of a stored task are no longer here.
    """
    task, dataset = named_dataset(workspace, question)
    start = get_model(workspace, question.start)
    called = dataset.name if task is None else task.name
    name = question.name or f"{called}-from-{start.name}"
    check_model_name(workspace, name)
    work = resolved(
        FinetuneWork,
        question,
        task=None if task is None else task.id,
        dataset=dataset.id,
        start=start.id,
        name=name,
    )
    return Checked(work, name, (dataset,))


def lend(workspace: Workspace, work: FinetuneWork) -> FinetuneWork:
    """Add the record of the starting model, and whether the task has yet to be embedded."""
    model = workspace.store().models.get(work.start)
    return work.model_copy(update={"model": model, "embedding": work.task is None})


def run(work: FinetuneWork, bench: Workbench) -> Findings:
    """Embed the data set, if it is no stored task, and fine-tune on it."""
    from task2vec.finetuning.splits import check_one_label

    task = bench.tasks["task"]
    # Before the minutes that its embedding may take.
    check_one_label(task)
    settings = tuning_settings(work.settings)
    if bench.model is None or work.model is None or bench.checkpoint is None:
        raise SettingError("There is nothing to start from, or no place for the checkpoint")
    from task2vec.finetuning.recipe import METHODS

    start = bench.engine.probe(bench.model)
    METHODS[settings.recipe].check(start)
    # The settings of fine-tuning are not about the embedding, which takes the defaults.
    findings = Findings()
    if work.embedding:
        findings = bench.embed(EmbeddingSettings(), detailed=True, by_class=True)
    from task2vec.finetuning.run import Expert, tune

    tuned = tune(
        start,
        task,
        images=work.settings.images,
        settings=settings,
        expert=Expert(name=work.name, task=task.name, start=work.model.name),
        target=bench.checkpoint,
        progress=bench.progress,
        unfinished=bench.unfinished,
    )
    warnings = tuple(dict.fromkeys((*findings.report.warnings, *tuned.warnings)))
    seconds = findings.report.seconds + tuned.seconds
    report = Report(seconds=seconds, warnings=warnings)
    return replace(findings, report=report, tuned=tuned, checkpoint=bench.checkpoint)


def commit(workspace: Workspace, work: FinetuneWork, findings: Findings) -> Commit:
    """Return what stores all of it and answers.

    When that transaction fails, `sweep_experts` is to be called. Raises `InputError` when something
    is missing, or cannot be used.
    """
    if findings.checkpoint is None or findings.tuned is None:
        raise InputError("The worker sent no expert", expected="findings.tuned and a checkpoint")
    path, tuned = findings.checkpoint, findings.tuned
    start = workspace.store().models.get(work.start)
    task = _task(workspace, work, findings)

    def commit(connection: Connection) -> Answer:
        record = task(connection)
        expert = register_tuned(
            workspace,
            tuned,
            path,
            name=work.name,
            start=start,
            task=record,
            id_=expert_id(findings.job),
            connection=connection,
        )
        return _answer(expert.name, record.name, findings, tuned)

    return commit


def finetune(
    workspace: Workspace,
    question: NewTuning,
    source: str,
    *,
    embedding: EmbeddingSettings | None = None,
    progress: "Progress | None" = None,
    embed_progress: "Progress | None" = None,
) -> tuple[Tuned, Findings]:
    """Fine-tune at once, test on images that took no part, register the expert and its outcome.

    Returns the answer, and the findings that it is from.

    ``source`` is a stored task or a path, and stands for the question's; it becomes a stored task
    if it is not one yet, embedded as ``embedding`` says. Expert and outcome are stored together,
    once the checkpoint is on disk; an interruption leaves the store without them, and the same call
    then goes on from the last epoch that is on disk. ``progress`` is called with (what is being
    done in words, images done, images of this step); the words begin with `GOING_ON` where that is.

    Raises `NameTakenError` before any work when the expert's name is taken, `SourceError` when the
    source cannot be used, has several labels per image or, of a stored task, is gone or changed,
    `WeightsError` for a starting model that cannot be loaded, or not be trained by the recipe.
    """
    from task2vec.finetuning.splits import check_one_label

    start = get_model(workspace, question.start)
    record, task = opened_source(workspace, source)
    check_one_label(task)
    name = question.name or f"{task.name}-from-{start.name}"
    check_model_name(workspace, name)
    workspace.check_writable()
    reference = checked_ref(workspace, start)
    # Before the task is stored: a starting model that cannot be loaded or trained changes nothing.
    from task2vec.finetuning.recipe import METHODS

    METHODS[question.settings.recipe].check(workspace.engine.probe(reference))
    if record is None:
        record = _embedded(workspace, task, embedding or EmbeddingSettings(), embed_progress)
    work = resolved(FinetuneWork, question, task=record.id, start=start.id, name=name, dataset=None)
    unfinished = workspace.path / _UNFINISHED
    with new_checkpoint(workspace) as path:
        bench = Workbench(
            workspace.engine,
            {"task": replace(task, name=record.name)},
            model=reference,
            checkpoint=path,
            unfinished=unfinished,
            progress=progress or silent,
        )
        findings = run(lend(workspace, work), bench)
        try:
            with workspace.store(create=True).transaction() as connection:
                answer = Tuned.model_validate(commit(workspace, work, findings)(connection))
        except BaseException:
            sweep_experts(workspace)
            raise
    # torch is loaded by now.
    from task2vec.finetuning.run import forget

    forget(unfinished, name)
    return answer, findings


def _embedded(
    workspace: Workspace, task: "Task", settings: EmbeddingSettings, progress: "Progress | None"
) -> StoredTask:
    question = NewEmbedding(dataset="?", settings=settings)
    try:
        return embed(workspace, question, task, progress=progress)
    except NameTakenError as error:
        # Another process may have stored this very task meanwhile.
        stored = _stored_already(workspace, task)
        if stored is not None:
            return stored
        # --name is the expert's name here, and an update would turn outcomes into another task's.
        raise NameTakenError(
            f"Another task is named '{task.name}' already, or the source has changed since",
            remedy=f"Embed the source under another name, `task2vec embed {task.source} --name "
            "NAME`, and fine-tune on that.",
        ) from error


def opened_source(workspace: Workspace, source: str) -> "tuple[StoredTask | None, Task]":
    """Return the images of a stored task or a path, and the stored task that they are, if any."""
    record = stored_task(workspace, source)
    if record is None:
        task = open_named(workspace, source)
        return _stored_already(workspace, task), task
    return record, reopen(workspace, record)


def _stored_already(workspace: Workspace, task: "Task") -> StoredTask | None:
    """Return the stored task of the same name and source, if there is one."""
    stored = stored_task(workspace, task.name)
    if stored is not None and stored.source_signature.startswith(task.signature):
        return stored
    return None


def expert_id(job: str) -> str:
    """Return the id of the expert that a job makes.

    It is the job's own, so that what a kill between the file's move and the commit leaves behind
    is overwritten by the next try; of what is done at once it is a new one.
    """
    return _EXPERT + job.partition("_")[2] if job else new_id("mdl")


def _answer(model: str, task: str, findings: Findings, tuned: Result) -> Tuned:
    """Return the answer; labels and warnings name images, and are shown to others."""
    # A worker sends warnings twice: with all findings, and with what came of training.
    warnings = dict.fromkeys((*findings.report.warnings, *map(visible, tuned.warnings)))
    return Tuned(
        model=model,
        task=task,
        accuracy=tuned.accuracy,
        interval=tuned.interval,
        test_images=len(tuned.correct),
        balanced_accuracy=tuned.balanced_accuracy,
        by_class=tuple(
            ClassAccuracy(label=visible(each.label), images=each.images, accuracy=each.accuracy)
            for each in tuned.by_class
        ),
        recipe=tuned.recipe,
        curve=tuple(map(CurvePoint.model_validate, tuned.curve)),
        choice=tuned.choice and RecipeChoice.model_validate(tuned.choice),
        protocol=tuned.protocol,
        epochs=tuned.epochs,
        best_epoch=tuned.best_epoch,
        seconds=tuned.seconds,
        resumed=tuned.resumed and visible(tuned.resumed),
        warnings=tuple(warnings),
    )


def tuning_settings(settings: TuningSettings) -> FineTuningSettings:
    """Return the settings of a training; raises `SettingError` out of range."""
    return FineTuningSettings(**settings.model_dump(exclude={"images"}))


def _task(
    workspace: Workspace, work: FinetuneWork, findings: Findings
) -> Callable[[Connection], StoredTask]:
    """Return what gives the task in the transaction, and stores it if it has to."""
    store = workspace.store()
    if work.task is not None:
        record = store.tasks.get(work.task)
        return lambda _: record
    dataset = store.datasets.get(work.dataset or "")
    new = new_task(
        findings,
        name=dataset.name,
        source=source_of(dataset.id),
        signature=source_signature(dataset.sha256, EmbeddingSettings()),
    )

    def give(connection: Connection) -> StoredTask:
        stored = task_named(connection, dataset.name)
        if stored is None:
            return add_task(workspace, connection, new, findings)
        if not same_bytes(stored, dataset):
            raise name_taken(dataset.name)
        return stored

    return give


FINETUNE = Kind(NewTuning, FinetuneWork, check, run, commit, lend=lend, embeds=new_dataset)
