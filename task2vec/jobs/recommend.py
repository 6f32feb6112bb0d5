"""Recommending starting models for a data set, or by the images of a stored task."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.data.wording import examples
from task2vec.errors import InputError, MissingExtraError, TooLargeError, WeightsError
from task2vec.finetuning.probe_cache import KnownProbe, Pace, machine
from task2vec.finetuning.prober import Prober, model_digest
from task2vec.jobs.findings import Commit, Findings, receive
from task2vec.jobs.kind import Checked, Kind, check_probe, new_dataset, resolved
from task2vec.jobs.workbench import Workbench
from task2vec.messages.leases import Findings as SentFindings
from task2vec.messages.leases import PlannedModel, Report, Timing
from task2vec.messages.models import Model
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.work import RecommendWork
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.models.experts import STORED
from task2vec.service.models.limits import allowed
from task2vec.service.models.zoo import list_models
from task2vec.service.packaged_models import default_model_id, packaged_models
from task2vec.service.recommend.probing import not_probed, prober_of
from task2vec.service.recommend.recommendation import models_to_measure, recommend
from task2vec.service.tasks.dataset_sources import dataset_of, labelled_dataset
from task2vec.service.tasks.subjects import Subject, stored_subject
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind
from task2vec.types.names import visible

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: Said where a worker measured.
_PROBES_ALONE = (
    "The server's worker made linear probes and no short fine-tunings: which models are worth one "
    "depends on the probes and on the whole store. `task2vec recommend` without `--url` makes them."
)
_LONGEST_MACHINE = 200
#: No squared error of a prediction that is chosen to have the least is near that.
_WORST = 100.0


def check(workspace: Workspace, question: RecommendationQuestion) -> Checked[RecommendWork]:
    """Return what a job for the question is about.

    Raises `UnknownNameError` for a task, data set or probe that is not there, `SourceError` when
    the images of a stored task are no longer here.
    """
    check_probe(question.settings)
    if question.task is None:
        dataset = labelled_dataset(workspace, question.dataset or "")
        return Checked(
            resolved(RecommendWork, question, dataset=dataset.id), dataset.name, (dataset,)
        )
    task = workspace.store().tasks.get(question.task)
    dataset = dataset_of(workspace, task)
    work = resolved(RecommendWork, question, dataset=dataset.id, task=task.id)
    return Checked(work, task.name, (dataset,))


def lend(workspace: Workspace, work: RecommendWork) -> RecommendWork:
    """Add the models to probe, what promises most first, unless the budget is 0.

    Where a data set lies is not known before its worker has embedded it: these are the packaged
    models then, and `plan` tells the worker more.
    """
    if work.budget <= 0:
        return work.model_copy(update={"measure": False})
    if work.task is None:
        models = models_to_probe(list_models(workspace), work)
    else:
        models = _planned(workspace, stored_subject(workspace, work.task), work)
    return work.model_copy(
        update={
            "measure": True,
            "plan": work.task is None,
            "probe_models": tuple(map(PlannedModel.model_validate, models)),
        }
    )


def run(work: RecommendWork, bench: Workbench) -> Findings:
    """Embed the data set, unless it is that of a stored task, and probe models on it."""
    started = perf_counter()
    found = bench.embed(work.settings, detailed=True) if work.task is None else Findings()
    report = found.report
    if work.measure:
        measured, left_out = _measure(work, bench, found.embedded.get("task"))
        report = Report(
            seconds=0.0,
            warnings=(*report.warnings, *left_out),
            measured={id_: tuple(each.found.correct.tolist()) for id_, each in measured.items()},
            errors={id_: p.found.error for id_, p in measured.items() if p.found.error is not None},
            timings={
                id_: Timing(seconds=probe.seconds, **asdict(probe.pace))
                for id_, probe in measured.items()
                if probe.pace.images and probe.machine == machine()
            },
            machine=machine()[:_LONGEST_MACHINE],
        )
    seconds = perf_counter() - started
    return replace(found, report=report.model_copy(update={"seconds": seconds}))


def commit(workspace: Workspace, work: RecommendWork, findings: Findings) -> Commit:
    """Return what answers; what was measured is kept for later answers about the same images."""
    if work.task is not None:
        subject = stored_subject(workspace, work.task)
    else:
        subject = findings.embedded["task"]
    # Every class gives two images, also where that is more than was asked for.
    most = max(work.settings.images, 2 * subject.embedding.provenance.classes)
    measured = findings.measured
    _check_measured(workspace, work, measured, most=most)
    prober = prober_of(workspace, subject, images=work.settings.images)
    for model in list_models(workspace):
        if model.id in measured:
            probe = _timed(measured[model.id], findings.report, model.id)
            prober.keep(model_digest(model.ref, model.sha256), probe)
    timings = findings.report.timings or {}
    answer = recommend(
        workspace,
        work,
        subject,
        measured=measured,
        paces={id_: _pace(timings[id_]) for id_ in measured if id_ in timings},
        spent=findings.report.seconds,
    )
    doubts = [] if answer.probed or work.budget == 0 else [not_probed(None)]
    summary = [answer.evidence_summary, *([_PROBES_ALONE] if measured else [])]
    answer = answer.model_copy(
        update={
            "warnings": (*answer.warnings, *doubts),
            "evidence_summary": " ".join(summary),
        }
    )
    return lambda _: answer


def plan(
    workspace: Workspace, id_: str, *, sent: SentFindings, files: Mapping[str, Path]
) -> list[Model]:
    """Return the models that are worth a measurement, most of it first, the default before all.

    ``files`` hold the embedding of the data set of a job that recommends; nothing is stored.
    Raises `LeaseLostError` when the job does not belong to this lease, `InputError` for another
    kind of job and for an embedding that cannot be.
    """
    job = workspace.store().jobs.under_lease(id_, fence=sent.fence)
    if job.kind is not JobKind.RECOMMEND:
        raise InputError(
            f"Job {job.id} measures nothing", expected="a job that recommends for a data set"
        )
    work = RecommendWork.model_validate(job.payload)
    if work.dataset is None:
        raise InputError(f"Job {job.id} has no data set", expected="one to measure models on")
    found = receive(
        workspace, id_, sent, files, embeds={"task": work.dataset}, settings=work.settings
    )
    return _planned(workspace, found.embedded["task"], work)


def _timed(found: ProbeAccuracy, report: Report, model: str) -> KnownProbe:
    """Return a linear probe that a worker made, with what it took there, if that is known."""
    timing = (report.timings or {}).get(model)
    if timing is None:
        return KnownProbe(found, seconds=0.0)
    return KnownProbe(found, timing.seconds, _pace(timing), visible(report.machine))


def _pace(timing: Timing) -> Pace:
    return Pace(timing.read, timing.passed, timing.images)


def models_to_probe(models: Iterable[Model], question: RecommendationQuestion) -> list[Model]:
    """Return the packaged ones within the limits, and the default, which gains are over.

    ``models`` are all that there are.
    """
    default = default_model_id()
    within = {model.id for model in models if allowed(model, question)}
    return [model for model in packaged_models() if model.id == default or model.id in within]


def _planned(
    workspace: Workspace, subject: Subject, question: RecommendationQuestion
) -> list[Model]:
    """Return the models to measure that a worker can load: it may be on another machine."""
    models = models_to_measure(workspace, question, subject)
    # What is packaged, and experts, which it fetches by their hash.
    packaged = {model.id for model in packaged_models()}
    return [model for model in models if model.id in packaged or model.ref.startswith(STORED)]


def _measure(
    work: RecommendWork, bench: Workbench, embedded: Subject | None
) -> tuple[dict[str, KnownProbe], list[str]]:
    """Probe the models in their order while the budget lasts, the first two always.

    Returns the probes, and warnings about models that cannot be loaded.
    """
    models = work.probe_models
    if embedded is not None and work.plan:
        models = tuple(bench.plan(embedded)) or models
    prober, began = Prober(bench.tasks["task"], work.settings.images), perf_counter()
    measured: dict[str, KnownProbe] = {}
    warnings, longest = [], 0.0

    def load(model: PlannedModel) -> "Probe":
        return bench.engine.probe(bench.reference(model))

    for position, model in enumerate(models):

        def tell(done: int, total: int, before: int = position) -> None:
            bench.progress("probing", before * total + done, len(models) * total)

        digest = model_digest(model.ref, model.sha256)
        found = prober.known(digest)
        if found is None:
            if len(measured) > 1 and perf_counter() - began + longest > work.seconds:
                continue
            try:
                found = prober.measure(partial(load, model), digest, progress=tell)
            except (WeightsError, MissingExtraError, TooLargeError) as error:
                if position == 0:
                    raise
                warnings.append(f"{model.name} is left out, because it cannot be loaded: {error}")
                continue
        if found is None:
            break
        measured[model.id] = found
        longest = max(longest, found.seconds)
    return measured, warnings


def _check_measured(
    workspace: Workspace, work: RecommendWork, measured: Mapping[str, ProbeAccuracy], *, most: int
) -> None:
    """Raise `InputError` for linear probes that nobody asked for, or that cannot be."""
    default = default_model_id()
    models = list_models(workspace)
    wanted = {model.id for model in models if allowed(model, work) or model.id == default}
    lengths = {len(probe.correct) for probe in measured.values()}
    if not set(measured) <= wanted or len(lengths) > 1 or not all(0 < n <= most for n in lengths):
        raise InputError(
            "The worker's linear probes are not what was asked for",
            expected=f"the same images, at most {most}, for each of {examples(sorted(wanted))}",
            got=", ".join(f"{len(p.correct)} images for {name}" for name, p in measured.items()),
        )
    errors = {name: p.error for name, p in measured.items() if p.error is not None}
    if not all(0 <= error < _WORST for error in errors.values()):
        raise InputError(
            "The worker's errors of linear probes cannot be",
            expected=f"one from 0 to {_WORST:g} for each model that it probed",
            got=", ".join(f"{error:g} for {name}" for name, error in errors.items()),
        )


RECOMMEND = Kind(
    RecommendationQuestion, RecommendWork, check, run, commit, lend=lend, embeds=new_dataset
)
