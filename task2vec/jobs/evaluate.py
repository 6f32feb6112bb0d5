"""Measuring the accuracy of an expert on labelled images; nothing is stored but the answer."""

from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.errors import InputError, SettingError, UnknownNameError
from task2vec.finetuning.card import read_classifier_card
from task2vec.finetuning.expert import classifier_of
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, resolved
from task2vec.jobs.predict import expert_of, lend
from task2vec.jobs.workbench import Workbench, silent
from task2vec.messages.evaluations import Evaluation, NewEvaluation
from task2vec.messages.leases import Report
from task2vec.messages.models import Model
from task2vec.messages.predictions import no_classes
from task2vec.messages.work import EvaluateWork
from task2vec.probe.weight_files import referenced_file
from task2vec.service.models.experts import STORED
from task2vec.service.models.zoo import expert_file, get_model
from task2vec.service.tasks.dataset_sources import dataset_of, labelled_dataset
from task2vec.service.tasks.subjects import files_of, files_signature, opened
from task2vec.service.workspace import Workspace

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import Progress


def check(workspace: Workspace, question: NewEvaluation) -> Checked[EvaluateWork]:
    """Return what a job for the question is about.

    Raises `UnknownNameError` for a model, task or data set that is not there, `InputError` for a
    model without classes, `SourceError` when the images of a stored task are no longer here.
    """
    model = get_model(workspace, question.model)
    if not model.ref.startswith(STORED):
        raise no_classes(model.name)
    if question.task is not None:
        task = workspace.store().tasks.get(question.task)
        dataset, about = dataset_of(workspace, task), task.id
    else:
        dataset, about = labelled_dataset(workspace, question.dataset or ""), None
    work = resolved(EvaluateWork, question, model=model.id, dataset=dataset.id, task=about)
    return Checked(work, model.name, (dataset,))


def run(work: EvaluateWork, bench: Workbench) -> Findings:
    """Classify the images, and count what those of each class are taken for."""
    from task2vec.finetuning.evaluation import count_confusions, evaluated_part

    started = perf_counter()
    if bench.model is None or not isinstance(work.model, Model):
        raise SettingError("There is nothing that classifies")
    task = bench.tasks["task"]
    card = read_classifier_card(referenced_file(bench.model), name=work.model.name)
    # Before the seconds that loading the network takes.
    part, warnings = evaluated_part(task, card, images=work.images, seed=work.seed)
    classifier = classifier_of(bench.engine, bench.model, card)
    confusion, unreadable = count_confusions(classifier, part, progress=bench.progress)
    return Findings(
        Report(
            seconds=perf_counter() - started,
            confusion=confusion,
            warnings=(*task.warnings, *warnings, *unreadable),
        )
    )


def answer(
    workspace: Workspace, work: EvaluateWork, findings: Findings, *, source: str, files: str
) -> Evaluation:
    """Return the accuracies; ``files`` say which files the ``source`` is of, as `files_of` does.

    Raises `InputError` for confusions of other classes than the expert's.
    """
    from task2vec.finetuning.evaluation import evaluation_of

    record = expert_of(workspace, work)
    _, card = expert_file(workspace, record)
    report = findings.report
    confusion = report.confusion
    if confusion is None or confusion.classes != card.classes:
        raise InputError(
            "The worker's counts are not what was asked for",
            expected=f"those of the {len(card.classes)} classes of {record.name}",
            got="none" if confusion is None else f"those of {len(confusion.classes)} others",
        )
    warnings = report.warnings
    if files in learned_from(workspace, record) and not any("split test" in w for w in warnings):
        warnings = (
            f"{record.name} was fine-tuned on images of {source}: on new images it is less "
            "accurate. `finetune` reported its accuracy on held-out images",
            *warnings,
        )
    return evaluation_of(
        confusion, model=record.name, source=source, seconds=report.seconds, warnings=warnings
    )


def commit(workspace: Workspace, work: EvaluateWork, findings: Findings) -> Commit:
    """Return what answers; raises `InputError` as `answer` does."""
    store = workspace.store()
    dataset = store.datasets.get(work.dataset or "")
    source = dataset.name if work.task is None else store.tasks.get(work.task).name
    files = files_signature(dataset.sha256)
    evaluation = answer(workspace, work, findings, source=source, files=files)
    return lambda _: evaluation


def evaluate(
    workspace: Workspace,
    question: NewEvaluation,
    source: "str | Task",
    *,
    progress: "Progress | None" = None,
) -> Evaluation:
    """Evaluate at once on a source: a stored task, a path or images in memory.

    Raises as `check` does, and `SourceError` where the source cannot be used.
    """
    record = get_model(workspace, question.model)
    reference, _ = expert_file(workspace, record)
    work = lend(workspace, resolved(EvaluateWork, question, model=record.id))
    task = opened(workspace, source)
    bench = Workbench(
        workspace.engine, {"task": task}, model=reference, progress=progress or silent
    )
    findings = run(work, bench)
    return answer(workspace, work, findings, source=task.name, files=task.signature)


def learned_from(workspace: Workspace, expert: Model) -> set[str]:
    """Return which files the expert and what it started from were fine-tuned on."""
    files = set[str]()
    for task in {*expert.lineage, *([] if expert.task is None else [expert.task])}:
        # One that was removed is not known any more.
        with suppress(UnknownNameError):
            files.add(files_of(workspace.store().tasks.get(task)))
    return files - {""}


EVALUATE = Kind(NewEvaluation, EvaluateWork, check, run, commit, lend=lend)
