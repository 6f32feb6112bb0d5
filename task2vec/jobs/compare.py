"""Comparing starting models: each is fine-tuned as by `finetune`, step by step.

What was fine-tuned on the same images with the same settings is found in the store and not trained
again, so that a comparison goes on where another one stopped.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from task2vec.errors import (
    MissingExtraError,
    NameTakenError,
    SettingError,
    SourceError,
    StoreError,
    WeightsError,
)
from task2vec.finetuning.comparison import ComparedExpert
from task2vec.jobs import finetune
from task2vec.jobs.compared_models import (
    answer,
    compared_expert,
    compared_models,
    free_name,
    tested_experts,
)
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, new_dataset, resolved
from task2vec.jobs.workbench import Workbench
from task2vec.messages.base import Answer
from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import NewTuning
from task2vec.messages.leases import PlannedModel, Report
from task2vec.messages.settings import TuningSettings
from task2vec.messages.tasks import StoredTask
from task2vec.messages.work import CompareWork, FinetuneWork, Work
from task2vec.service.models.experts import TunedDetails
from task2vec.service.tasks.dataset_sources import named_dataset, same_bytes
from task2vec.service.tasks.subjects import files_signature
from task2vec.service.workspace import Workspace
from task2vec.store.tasks.task_rows import task_named
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import Progress

# As long as a worker may say it.
_LONGEST = 10_000
_NO_MEMORY = "It does not fit into memory. Fine-tune it on a machine with more, or leave it out."


def check(workspace: Workspace, question: NewComparison) -> Checked[CompareWork]:
    """Return what a job for the question is about, with the answer where all was done before.

    Raises as `finetune.check` does, and `SettingError` for models that cannot be compared.
    """
    task, dataset = named_dataset(workspace, question)
    called = dataset.name if task is None else task.name
    models = compared_models(
        workspace, question, task=called, files=files_signature(dataset.sha256)
    )
    work = resolved(
        CompareWork,
        question,
        task=None if task is None else task.id,
        dataset=dataset.id,
        models=tuple(model.id for model in models),
        next=models[0].id,
    )
    todo = left(workspace, work)
    if isinstance(todo, Comparison):
        return Checked(work, called, (dataset,), todo)
    return Checked(todo, called, (dataset,))


def left(workspace: Workspace, work: CompareWork) -> CompareWork | Comparison:
    """Return what is still to train, or the answer: another comparison may have trained it."""
    task = _stored(workspace, work)
    if task is None:
        return work
    return _left(workspace, work, task, tested_experts(workspace, task, work.settings), work.failed)


def lend(workspace: Workspace, work: CompareWork) -> CompareWork:
    """Add the fine-tuning whose turn it is."""
    step = finetune.lend(workspace, _step(workspace, work))
    return work.model_copy(update={"step": step})


def run(work: CompareWork, bench: Workbench) -> Findings:
    """Fine-tune the model whose turn it is; one that cannot be, but the default, stops nothing."""
    step = work.step
    if step is None or step.model is None:
        raise SettingError("There is nothing to start from")
    _check_test_images(bench.tasks["task"], work.settings)
    position = work.models.index(work.next)
    said = _said(bench.progress, position, len(work.models), step.model.name)
    try:
        model = bench.reference(PlannedModel.model_validate(step.model))
        findings = finetune.run(step, replace(bench, model=model, progress=said))
    except Exception as error:
        why = _unusable(error)
        if why is None or position == 0:
            raise
        bench.engine.free_memory()
        return Findings(Report(seconds=0.0, failed=why))
    if findings.tuned is None or not findings.tuned.correct:
        raise _no_test_images(bench.tasks["task"])
    return findings


def commit(workspace: Workspace, work: CompareWork, findings: Findings) -> Commit:
    """Return what stores the expert of this step, and answers or says what is left to do.

    Raises as `finetune.commit` does.
    """
    task = _stored(workspace, work)
    tested, failed = tested_experts(workspace, task, work.settings), dict(work.failed)
    position = work.models.index(work.next)
    expert, why = None, findings.report.failed
    if why is None or position == 0:
        # Each step makes an expert of its own.
        own = replace(findings, job=f"{findings.job}_{position}")
        expert = finetune.commit(workspace, _step(workspace, work), own)
    else:
        failed[work.next] = visible(why)

    def commit(connection: Connection) -> Answer | Work:
        record = task
        if expert is not None and findings.tuned is not None:
            new = Tuned.model_validate(expert(connection))
            record = task_named(connection, new.task)
            assert record is not None
            details = TunedDetails.of(findings.tuned, expert=new.model, task=record)
            tested[work.next] = compared_expert(new.model, details)
        # The first step, that of the default, stores the task or fails the job.
        assert record is not None
        return _left(workspace, work, record, tested, failed)

    return commit


def compare(
    workspace: Workspace,
    question: NewComparison,
    source: str,
    *,
    progress: "Progress | None" = None,
) -> Comparison:
    """Compare at once on a stored task or a path, which becomes a stored task.

    Each model is fine-tuned and stored by `finetune.finetune`: an interruption loses what it would
    lose there. ``progress`` hears of ("2 of 4, resnet34: reading", images done, images in all).

    Raises as `check` and `finetune.finetune` do.
    """
    record, task = finetune.opened_source(workspace, source)
    called = task.name if record is None else record.name
    models = compared_models(workspace, question, task=called, files=task.signature)
    _check_test_images(task, question.settings)
    failed: dict[str, str] = {}
    for position, model in enumerate(models):
        if model.id in tested_experts(workspace, record, question.settings):
            continue
        said = None if progress is None else _said(progress, position, len(models), model.name)
        new = NewTuning(
            start=model.id,
            name=free_name(workspace, called, model),
            settings=question.settings,
        )
        try:
            tuned, _ = finetune.finetune(workspace, new, source, progress=said, embed_progress=said)
        except NameTakenError:
            # Another process may have stored this very expert meanwhile.
            record, _ = finetune.opened_source(workspace, source)
            if model.id not in tested_experts(workspace, record, question.settings):
                raise
            continue
        except Exception as error:
            why = _unusable(error)
            if why is None or position == 0:
                raise
            workspace.engine.free_memory()
            failed[model.id] = why
            continue
        if tuned.accuracy is None:
            raise _no_test_images(task)
        record = workspace.store().tasks.get(tuned.task)
    tested = tested_experts(workspace, record, question.settings)
    return answer(models, tested, failed, task=called)


def _check_test_images(task: "Task", settings: TuningSettings) -> None:
    """Raise `SourceError` where no image can be held out, or images have several labels."""
    from task2vec.finetuning.splits import check_one_label, foreseen

    check_one_label(task)
    _, _, test = foreseen(task, images=settings.images, seed=settings.seed)
    if not test:
        raise _no_test_images(task)


def _no_test_images(task: "Task") -> SourceError:
    return SourceError(
        f"{task.source} has no image to test on",
        expected="at least three images of a class, which are no copies of each other",
        remedy="Add images, or raise `--images`.",
    )


def _stored(workspace: Workspace, work: CompareWork) -> StoredTask | None:
    """Return the task that a job compares on; None of a data set that is no stored task yet."""
    store = workspace.store()
    if work.task is not None:
        return store.tasks.get(work.task)
    dataset = store.datasets.get(work.dataset or "")
    task = store.tasks.named(dataset.name)
    return task if task is not None and same_bytes(task, dataset) else None


def _left(
    workspace: Workspace,
    work: CompareWork,
    task: StoredTask,
    tested: Mapping[str, ComparedExpert],
    failed: Mapping[str, str],
) -> CompareWork | Comparison:
    """Return the work for the next model that is neither tested nor failed, else the answer."""
    for model in work.models:
        if model not in tested and model not in failed:
            return work.model_copy(update={"next": model, "task": task.id, "failed": dict(failed)})
    store = workspace.store()
    models = [store.models.get(model) for model in work.models]
    return answer(models, tested, failed, task=task.name)


def _step(workspace: Workspace, work: CompareWork) -> FinetuneWork:
    store = workspace.store()
    if work.task is None:
        called = store.datasets.get(work.dataset or "").name
    else:
        called = store.tasks.get(work.task).name
    return FinetuneWork(
        task=work.task,
        dataset=work.dataset,
        start=work.next,
        name=free_name(workspace, called, store.models.get(work.next)),
        settings=work.settings,
    )


def _said(progress: "Progress", position: int, models: int, name: str) -> "Progress":
    return lambda step, done, total: progress(
        f"{position + 1} of {models}, {name}: {step}", done, total
    )


def _unusable(error: Exception) -> str | None:
    """Return why a model alone is to blame for an error, None where it is not."""
    from task2vec.fisher.oom_retry import is_out_of_memory

    if is_out_of_memory(error):
        return _NO_MEMORY
    # A full disk, or a folder that cannot be written, is no fault of the model.
    if isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, FileNotFoundError):
        return None
    # A checkpoint that is gone is a plain `StoreError`; its kinds are about the store itself.
    own = isinstance(error, WeightsError | MissingExtraError) or type(error) is StoreError
    return str(error)[:_LONGEST] if own else None


COMPARE = Kind(
    NewComparison, CompareWork, check, run, commit, left=left, lend=lend, embeds=new_dataset
)
