"""Comparing starting models: each is fine-tuned as by `finetune`, step by step.

What was fine-tuned on the same images with the same settings is found in the store and not trained
again, so that a comparison goes on where another one stopped.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from itertools import chain, count
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError
from sqlalchemy import Connection

from task2vec.errors import (
    MissingExtraError,
    NameTakenError,
    SettingError,
    SourceError,
    StoreError,
    WeightsError,
)
from task2vec.finetuning.comparison import ComparedExpert, comparison_of
from task2vec.finetuning.result import PROTOCOL
from task2vec.jobs import finetune
from task2vec.jobs.evaluate import learned_from
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, new_dataset, resolved
from task2vec.jobs.workbench import Workbench
from task2vec.messages.base import Answer
from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import NewTuning
from task2vec.messages.leases import PlannedModel, Report
from task2vec.messages.models import Model
from task2vec.messages.outcomes import OutcomeFilter
from task2vec.messages.settings import TuningSettings
from task2vec.messages.tasks import StoredTask
from task2vec.messages.work import CompareWork, FinetuneWork, Work
from task2vec.service.models.experts import TunedDetails, checkpoint
from task2vec.service.models.zoo import get_model, list_models
from task2vec.service.packaged_models import default_model_id
from task2vec.service.tasks.subjects import files_signature
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
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
    task, dataset = finetune.subject(workspace, question)
    called = dataset.name if task is None else task.name
    models = _models(workspace, question, task=called, files=files_signature(dataset.sha256))
    tested = _tested(workspace, task, question.settings)
    left = [model.id for model in models if model.id not in tested]
    work = resolved(
        CompareWork,
        question,
        task=None if task is None else task.id,
        dataset=dataset.id,
        models=tuple(model.id for model in models),
        next=left[0] if left else models[0].id,
    )
    answer = None if left else _answer(models, tested, {}, task=called)
    return Checked(work, called, (dataset,), answer)


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
    store = workspace.store()
    models = [store.models.get(model) for model in work.models]
    task = None if work.task is None else store.tasks.get(work.task)
    tested, failed = _tested(workspace, task, work.settings), dict(work.failed)
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
            tested[work.next] = _compared_expert(new.model, details)
        # The first step, that of the default, stores the task or fails the job.
        assert record is not None
        left = [model for model in work.models if model not in tested and model not in failed]
        if left:
            return work.model_copy(update={"next": left[0], "task": record.id, "failed": failed})
        return _answer(models, tested, failed, task=record.name)

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
    models = _models(workspace, question, task=called, files=task.signature)
    _check_test_images(task, question.settings)
    failed: dict[str, str] = {}
    for position, model in enumerate(models):
        if model.id in _tested(workspace, record, question.settings):
            continue
        said = None if progress is None else _said(progress, position, len(models), model.name)
        new = NewTuning(
            start=model.id,
            name=_free_name(workspace, called, model),
            settings=question.settings,
        )
        try:
            tuned, _ = finetune.finetune(workspace, new, source, progress=said, embed_progress=said)
        except NameTakenError:
            # Another process may have stored this very expert meanwhile.
            record, _ = finetune.opened_source(workspace, source)
            if model.id not in _tested(workspace, record, question.settings):
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
    tested = _tested(workspace, record, question.settings)
    return _answer(models, tested, failed, task=called)


def _models(workspace: Workspace, question: NewComparison, *, task: str, files: str) -> list[Model]:
    """Return the models to compare, the default first; ``files`` are those of the images.

    Raises `UnknownNameError` with near names, and `SettingError` where there is nothing to compare,
    or a model has learned from these very images.
    """
    found = [get_model(workspace, name) for name in (default_model_id(), *question.models)]
    models = list({model.id: model for model in found}.values())
    if len(models) == 1:
        raise SettingError(
            "There is nothing to compare",
            expected=f"at least one starting model besides the default, {models[0].name}",
            got=", ".join(question.models) or "none",
            remedy="`task2vec models list` shows all, and `task2vec recommend` those that promise "
            "most.",
        )
    for model in models:
        check_name(_expert_name(task, model))
        if files in learned_from(workspace, model):
            raise SettingError(
                f"{model.name} was fine-tuned on these images, of which some would test it",
                expected="starting models that have not seen them",
                remedy="Leave it out. To train it on, give new images to `task2vec finetune`.",
            )
    return models


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


def _tested(
    workspace: Workspace, task: StoredTask | None, settings: TuningSettings
) -> dict[str, ComparedExpert]:
    """Return the experts in the store, by their start, that a comparison would make again."""
    store = workspace.existing_store()
    if store is None or task is None:
        return {}
    kept = {model.id: (model.name, checkpoint(workspace, model)) for model in store.models.list()}
    # An expert whose file is gone is made again.
    names = {id_: name for id_, (name, path) in kept.items() if path is None or path.is_file()}
    wanted = (asdict(finetune.tuning_settings(settings)), settings.images, task.source_signature)
    tested = {}
    for outcome in store.outcomes.list(OutcomeFilter(task=task.id)):
        # What people record, and earlier versions did, has no such details.
        with suppress(ValidationError):
            details = TunedDetails.model_validate(outcome.details)
            same = (details.settings, details.images, details.source) == wanted
            if same and details.expert in names and outcome.protocol.startswith(f"{PROTOCOL} "):
                tested[outcome.model] = _compared_expert(names[details.expert], details)
    return tested


def _compared_expert(name: str, details: TunedDetails) -> ComparedExpert:
    correct = np.array([right == "1" for right in details.correct])
    return ComparedExpert(name, correct, details.tested, details.seconds)


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
        name=_free_name(workspace, called, store.models.get(work.next)),
        settings=work.settings,
    )


def _expert_name(task: str, model: Model) -> str:
    return f"{task}-from-{model.name}"


def _free_name(workspace: Workspace, task: str, model: Model) -> str:
    """Return a name for the expert: that which `finetune` gives, or with a number behind."""
    taken = {each.name for each in list_models(workspace)}
    name = _expert_name(task, model)
    more = (f"{name}-{number}" for number in count(2))
    return next(each for each in chain([name], more) if each not in taken)


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


def _answer(
    models: Sequence[Model],
    tested: Mapping[str, ComparedExpert],
    failed: Mapping[str, str],
    *,
    task: str,
) -> Comparison:
    names = {model.id: model.name for model in models}
    return comparison_of(
        {names[id_]: tested[id_] for id_ in names if id_ in tested},
        task=task,
        default=models[0].name,
        failed={names[id_]: why for id_, why in failed.items()},
    )


COMPARE = Kind(NewComparison, CompareWork, check, run, commit, lend, new_dataset)
