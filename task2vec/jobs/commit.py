"""What a finished job stores and answers: both in one transaction, so that it happens once."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from time import time
from typing import Any

import numpy as np
from sqlalchemy import Connection

from task2vec.data.wording import examples
from task2vec.errors import InputError, WeightsError
from task2vec.finetune.probe_cache import KnownProbe
from task2vec.finetune.prober import model_digest
from task2vec.jobs.checks import limits_of, settings_of
from task2vec.jobs.findings import (
    Found,
    read_received,
    received_details,
    received_hashes,
    received_task,
    received_thumbnail,
)
from task2vec.jobs.finetune import prepare_tuned, sweep_experts
from task2vec.jobs.leases import failure_of
from task2vec.jobs.predict import prepare_predicted
from task2vec.messages.neighbours import SearchQuestion
from task2vec.recommend.measure.probe_accuracy import ProbeAccuracy
from task2vec.service.models.limits import Limits
from task2vec.service.models.zoo import list_models
from task2vec.service.outcomes.backtest import Backtested
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.probing import not_probed, prober_of
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.search import distances, search
from task2vec.service.tasks.subjects import Subject, files_signature
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.state_machine import at
from task2vec.store.tasks.task_rows import task_named
from task2vec.types import DatasetRecord, JobKind, JobRecord, JobState
from task2vec.types.measuring import BUDGET, MOST_SHARED

__all__ = ["Found", "complete", "complete_fetch", "dataset_json", "received_subject"]

#: Said where a worker measured.
_PROBES_ALONE = (
    "The server's worker made linear probes and no short fine-tunings: which models are worth one "
    "depends on the probes and on the whole store. `task2vec recommend` without `--url` makes them."
)
#: No squared error of a prediction that is chosen to have the least is near that.
_WORST = 100.0
#: Stores what a job made, in the given transaction, and returns the job's result.
_Commit = Callable[[Connection], Mapping[str, Any]]


def complete(
    workspace: Workspace, id_: str, *, fence: int, found: Found, now: float | None = None
) -> JobRecord:
    """End a job with what its worker found: store it, and answer.

    The job has succeeded then; or is cancelled, if it was to be: nothing is stored; or has failed,
    if what came cannot be used. A caller that got no answer may call again, and nothing happens
    twice.

    Raises:
        LeaseLostError: when the job does not belong to this lease.
        StoreError: when nothing could be stored; the job is as it was.
    """
    store = workspace.store()
    moment = time() if now is None else now
    job = store.jobs.under_lease(id_, fence=fence)
    if job.state is not JobState.RUNNING:
        return _end(workspace, job, lambda _: {}, moment)
    try:
        commit = _PREPARE[job.kind](workspace, job, found)
        return _end(workspace, job, commit, moment)
    except (InputError, WeightsError) as error:
        # A lease that was lost meanwhile is for the caller to hear of: `fail` tells.
        failure = failure_of(error)
        return store.jobs.fail(id_, fence=fence, failure=failure, transient=False, now=moment)


def complete_fetch(
    workspace: Workspace,
    id_: str,
    *,
    fence: int,
    dataset: DatasetRecord,
    now: float | None = None,
) -> JobRecord:
    """End a job that fetched a data set, which is stored already; raises `LeaseLostError`."""
    moment = time() if now is None else now
    return workspace.store().jobs.complete(
        id_, fence=fence, result=dataset_json(dataset), now=moment
    )


def complete_backtest(
    workspace: Workspace, id_: str, *, fence: int, found: Backtested, now: float | None = None
) -> JobRecord:
    """End a job that judged the recommender; raises `LeaseLostError`."""
    moment = time() if now is None else now
    return workspace.store().jobs.complete(id_, fence=fence, result=found.to_json(), now=moment)


def dataset_json(dataset: DatasetRecord) -> dict[str, Any]:
    """Return what a client may see of a data set: neither its place nor its owner."""
    told = asdict(dataset)
    del told["file"], told["owner"]
    return {**told, "warnings": list(dataset.warnings), "expires": at(dataset.expires)}


def _end(workspace: Workspace, asked: JobRecord, commit: _Commit, now: float) -> JobRecord:
    store = workspace.store()
    try:
        with store.transaction() as connection:
            job = store.jobs.under_lease_within(connection, asked.id, fence=asked.fence)
            result = commit(connection) if job.state is JobState.RUNNING else {}
            return store.jobs.complete_within(connection, job, result=result, now=now)
    except BaseException:
        if asked.kind is JobKind.FINETUNE:
            # Its file may be there already, and its record is not.
            sweep_experts(workspace)
        raise


def _embed(workspace: Workspace, job: JobRecord, found: Found) -> _Commit:
    store, question = workspace.store(), job.payload
    settings = settings_of(question)
    dataset = store.datasets.get(question["dataset"])
    embedding = read_received(workspace, found, "task", settings=settings)
    picture = received_thumbnail(found, "task")
    hashes = received_hashes(found, "task", embedding, settings=settings)
    details = received_details(found, "task", embedding)
    record = received_task(
        dataset,
        embedding,
        found,
        name=question["name"],
        settings=settings,
        tags=question.get("tags") or (),
    )

    def commit(connection: Connection) -> Mapping[str, Any]:
        known = task_named(connection, record.name)
        if known is not None and known.source_signature == record.source_signature:
            return {**known.to_json(), "status": "unchanged"}
        stored = store.tasks.add_within(
            connection,
            record,
            embedding,
            thumbnail=picture,
            hashes=hashes,
            details=details,
            replace=bool(question.get("update")),
        )
        return {**stored.to_json(), "status": "embedded"}

    return commit


def _search(workspace: Workspace, job: JobRecord, found: Found) -> _Commit:
    subject = received_subject(workspace, job, found, "task", job.payload["dataset"])
    question = SearchQuestion.model_validate(job.payload)
    answer = search(workspace, question, subject).model_dump(mode="json")
    return lambda _: answer


def _distances(workspace: Workspace, job: JobRecord, found: Found) -> _Commit:
    sides = {}
    for side in ("source", "target"):
        asked = job.payload[side]
        if asked["dataset"] is not None:
            sides[side] = received_subject(workspace, job, found, side, asked["dataset"])
        else:
            sides[side] = _stored(workspace, asked["task"])
    answer = distances(workspace, sides["source"], sides["target"]).model_dump(mode="json")
    return lambda _: answer


def _recommend(workspace: Workspace, job: JobRecord, found: Found) -> _Commit:
    question = job.payload
    if question.get("task") is not None:
        subject = _stored(workspace, question["task"])
    else:
        subject = received_subject(workspace, job, found, "task", question["dataset"])
    limits = limits_of(question)
    # Every class gives two images, also where that is more than was asked for.
    images = settings_of(question)["images"]
    most = max(images, 2 * subject.embedding.provenance.classes)
    measured = _measured(workspace, limits, found, most=most)
    prober = prober_of(workspace, subject, images=images)
    for model in list_models(workspace):
        if model.id in measured:
            probe = KnownProbe(measured[model.id], seconds=0.0)
            prober.keep(model_digest(model.ref, model.sha256), probe)
    answer = recommend(
        workspace,
        subject,
        k=question.get("k") or 5,
        limits=limits,
        images=images,
        measured=measured,
        published=question.get("published", True),
        budget=question.get("budget", BUDGET),
        max_shared=question.get("max_shared", MOST_SHARED),
        explain=bool(question.get("explain")),
    )
    doubts = [] if answer.probed or question.get("budget") == 0 else [not_probed(None)]
    told = [answer.evidence_summary, *([_PROBES_ALONE] if measured else [])]
    answer = answer.model_copy(
        update={
            "warnings": (*answer.warnings, *doubts),
            "evidence_summary": " ".join(told),
        }
    )
    return lambda _: answer.model_dump(mode="json")


def received_subject(
    workspace: Workspace, job: JobRecord, found: Found, role: str, dataset: str
) -> Subject:
    """Return what a worker embedded of a data set; raises `InputError` for what cannot be."""
    settings = settings_of(job.payload)
    embedding = read_received(workspace, found, role, settings=settings)
    about = workspace.store().datasets.get(dataset)
    return Subject(
        about.name,
        embedding,
        None,
        None,
        found.warnings,
        hashes=received_hashes(found, role, embedding, settings=settings),
        files=files_signature(about.sha256),
        details=received_details(found, role, embedding),
    )


def _stored(workspace: Workspace, task: str) -> Subject:
    store = workspace.store()
    record = store.tasks.get(task)
    return Subject(record.name, store.tasks.embedding(record.id), record, None)


def _measured(
    workspace: Workspace, limits: Limits, found: Found, *, most: int
) -> dict[str, ProbeAccuracy]:
    default = default_model_id()
    models = list_models(workspace)
    asked = {model.id for model in models if limits.allow(model) or model.id == default}
    measured = found.measured or {}
    lengths = {len(correct) for correct in measured.values()}
    if not set(measured) <= asked or len(lengths) > 1 or not all(0 < n <= most for n in lengths):
        raise InputError(
            "The worker's linear probes are not what was asked for",
            expected=f"the same images, at most {most}, for each of {examples(sorted(asked))}",
            got=", ".join(f"{len(c)} images for {name}" for name, c in measured.items()),
        )
    errors = found.errors or {}
    if not set(errors) <= set(measured) or not all(0 <= e < _WORST for e in errors.values()):
        raise InputError(
            "The worker's errors of linear probes cannot be",
            expected=f"one from 0 to {_WORST:g} for each model that it probed",
            got=", ".join(f"{error:g} for {name}" for name, error in errors.items()),
        )
    return {
        name: ProbeAccuracy(np.asarray(correct, dtype=np.bool_), errors.get(name))
        for name, correct in measured.items()
    }


def _refuse(_: Workspace, job: JobRecord, __: Found) -> _Commit:
    raise InputError(f"Job {job.id} is of the kind {job.kind}, which no worker does")


_PREPARE: Mapping[JobKind, Callable[[Workspace, JobRecord, Found], _Commit]] = {
    JobKind.EMBED: _embed,
    JobKind.SEARCH: _search,
    JobKind.DISTANCES: _distances,
    JobKind.RECOMMEND: _recommend,
    JobKind.FINETUNE: prepare_tuned,
    JobKind.FETCH: _refuse,
    JobKind.BACKTEST: _refuse,
    JobKind.PREDICT: prepare_predicted,
}
