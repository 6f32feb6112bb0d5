"""How workers get, keep and give back jobs; `completion` is how they end them well."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from time import time
from typing import Any

from task2vec.errors import InputError, Task2VecError, UnreachableError
from task2vec.jobs.checks import limits_of
from task2vec.service.key_texts import without_keys
from task2vec.service.models.experts import STORED
from task2vec.service.models.limits import Limits
from task2vec.service.models.zoo import list_models
from task2vec.service.packaged_models import default_model_id, packaged_models
from task2vec.service.recommend.recommendation import models_to_measure
from task2vec.service.tasks.subjects import Subject, stored_subject
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.leases import Held
from task2vec.store.jobs.repository import datasets_of
from task2vec.types import (
    DatasetRecord,
    JobFailure,
    JobKind,
    JobProgress,
    JobRecord,
    ModelRecord,
)
from task2vec.types.measuring import BUDGET, MOST_SHARED
from task2vec.types.names import LONGEST_NAME, visible

__all__ = [
    "LEASE_SECONDS",
    "Held",
    "Lent",
    "expire",
    "expire_worker",
    "fail",
    "failure_of",
    "heartbeat",
    "held",
    "lease",
    "oldest_wait",
    "release",
]

#: How long a worker may go without getting ahead before its job is given to another.
LEASE_SECONDS = 60.0
# As long as the wire lets a worker tell of a failure.
_LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Lent:
    """A job with what its worker needs to know: the question, and what is looked up for it.

    ``payload`` adds ``datasets`` by role ("task", or "source" and "target") and, for a
    recommendation, ``measure``, ``budget`` and ``probe_models``, for fine-tuning, ``model`` and
    ``embedding``, whether the task has yet to be embedded; ``model`` is the expert that classifies,
    too.
    """

    job: JobRecord
    payload: dict[str, Any]
    seconds: float


def lease(
    workspace: Workspace,
    *,
    worker: str,
    kinds: Collection[JobKind],
    seconds: float = LEASE_SECONDS,
    now: float | None = None,
) -> Lent | None:
    """Lend the next job of these kinds to a worker; None where there is none.

    A job that needs what is gone since fails, and the next is lent. Leases that are over are ended
    by `expire` alone: its caller has to know of them, since the worker may hang.
    """
    moment = _now(now)
    jobs = workspace.store().jobs
    while True:
        job = jobs.lease(worker=worker, kinds=kinds, now=moment, seconds=seconds)
        if job is None:
            return None
        try:
            return Lent(job, _payload(workspace, job), seconds)
        except InputError as error:
            fail(
                workspace,
                job.id,
                fence=job.fence,
                failure=failure_of(error),
                transient=False,
                now=moment,
            )


def heartbeat(
    workspace: Workspace,
    id_: str,
    *,
    fence: int,
    progress: JobProgress,
    seconds: float = LEASE_SECONDS,
    now: float | None = None,
) -> JobRecord:
    """Note progress; only where it went forward is the lease prolonged.

    One that is cancelling is to be stopped and then failed. Raises `LeaseLostError`.
    """
    told = replace(
        progress,
        stage=visible(progress.stage[:LONGEST_NAME]),
        standard_error=_finite(progress.standard_error),
        seconds_left=_finite(progress.seconds_left),
    )
    return workspace.store().jobs.heartbeat(
        id_, fence=fence, progress=told, now=_now(now), seconds=seconds
    )


def fail(
    workspace: Workspace,
    id_: str,
    *,
    fence: int,
    failure: JobFailure,
    transient: bool,
    now: float | None = None,
) -> JobRecord:
    """End a try badly: a transient failure is tried again, at most three times in all.

    A worker that could not reach the server did not fail, and the try does not count. Keys are
    taken out of its texts, and what disturbs terminals is escaped. A worker that has stopped a
    cancelling job says so with this too. Raises `LeaseLostError`.
    """
    told = JobFailure(
        code=failure.code,
        problem=_shown(failure.problem) or "",
        expected=_shown(failure.expected),
        got=_shown(failure.got),
        remedy=_shown(failure.remedy),
    )
    if transient and failure.code == UnreachableError.code:
        # Its worker did not fail, the server was away.
        return workspace.store().jobs.interrupt(id_, fence=fence, now=_now(now))
    return workspace.store().jobs.fail(
        id_, fence=fence, failure=told, transient=transient, now=_now(now)
    )


def release(workspace: Workspace, id_: str, *, fence: int, now: float | None = None) -> JobRecord:
    """Give a job back untried, since its worker stops; raises `LeaseLostError`."""
    return workspace.store().jobs.release(id_, fence=fence, now=_now(now))


def held(workspace: Workspace) -> frozenset[Held]:
    """Return every lease as it is now: at the start of a server, those that others gave."""
    return workspace.store().jobs.held()


def expire(
    workspace: Workspace,
    *,
    seconds: float = LEASE_SECONDS,
    inherited: Collection[Held] = (),
    now: float | None = None,
) -> list[JobRecord]:
    """End the tries of workers whose lease is over; return what became of their jobs.

    A try does not count whose lease is ``inherited`` from an earlier server, as `held` returned it.
    """
    return workspace.store().jobs.expire(now=_now(now), seconds=seconds, inherited=inherited)


def expire_worker(
    workspace: Workspace, worker: str, *, counts: bool = True, now: float | None = None
) -> list[JobRecord]:
    """End the tries of a worker that is gone at once; return what became of its jobs.

    They do not count where ``counts`` is false: it was stopped, with the server.
    """
    return workspace.store().jobs.end_worker(worker, now=_now(now), counts=counts)


def oldest_wait(workspace: Workspace, *, now: float | None = None) -> float | None:
    """Return for how many seconds the job has waited that waits longest; None without any."""
    asked = workspace.store().jobs.oldest_queued()
    return None if asked is None else max(_now(now) - datetime.fromisoformat(asked).timestamp(), 0)


def failure_of(error: Task2VecError) -> JobFailure:
    """Return the parts of an error, as a job keeps them: it may quote what somebody sent."""
    return JobFailure(
        code=error.code,
        problem=_shown(error.problem) or "",
        expected=_shown(error.expected),
        got=_shown(error.got),
        remedy=_shown(error.remedy),
    )


def _shown(text: str | None) -> str | None:
    return None if text is None else visible(without_keys(text[:_LONGEST_TEXT]))


def _payload(workspace: Workspace, job: JobRecord) -> dict[str, Any]:
    store = workspace.store()
    payload = dict(job.payload)
    payload["datasets"] = {
        role: _about(store.datasets.get(id_)) for role, id_ in datasets_of(job).items()
    }
    if job.kind is JobKind.RECOMMEND:
        budget = payload.get("budget", BUDGET)
        payload["budget"], payload["measure"] = budget, budget > 0
        payload["plan"] = budget > 0 and payload.get("task") is None
        payload["probe_models"] = [
            {"id": model.id, "name": model.name, "ref": model.ref, "sha256": model.sha256}
            for model in (_to_measure(workspace, payload) if budget > 0 else [])
        ]
    if job.kind is JobKind.FINETUNE:
        payload["model"] = store.models.get(payload["start"]).to_json()
        payload["embedding"] = payload["task"] is None
    if job.kind is JobKind.PREDICT:
        payload["model"] = store.models.get(payload["model"]).to_json()
    return payload


def _to_measure(workspace: Workspace, payload: Mapping[str, Any]) -> list[ModelRecord]:
    """Return the models to measure, what promises most first.

    Where a data set lies is not known before its worker has embedded it: these are the packaged
    models, and `planned` tells the worker more.
    """
    if payload.get("task") is None:
        return models_to_probe(list_models(workspace), limits_of(payload))
    return planned(workspace, stored_subject(workspace, payload["task"]), payload)


def models_to_probe(models: Iterable[ModelRecord], limits: Limits) -> list[ModelRecord]:
    """Return the packaged ones within the limits, and the default, which gains are over.

    ``models`` are all that there are.
    """
    default = default_model_id()
    allowed = {model.id for model in models if limits.allow(model)}
    return [model for model in packaged_models() if model.id == default or model.id in allowed]


def planned(
    workspace: Workspace, subject: Subject, payload: Mapping[str, Any]
) -> list[ModelRecord]:
    """Return the models that are worth a measurement on a task, most of it first.

    Only those that a worker can load: it may be on another machine.
    """
    limits, published = limits_of(payload), payload.get("published", True)
    found = models_to_measure(
        workspace,
        subject,
        limits=limits,
        published=published,
        max_shared=payload.get("max_shared", MOST_SHARED),
    )
    # What is packaged, and experts, which it fetches by their hash.
    packaged = {model.id for model in packaged_models()}
    return [model for model in found if model.id in packaged or model.ref.startswith(STORED)]


def _about(dataset: DatasetRecord) -> dict[str, Any]:
    return {
        "id": dataset.id,
        "name": dataset.name,
        "sha256": dataset.sha256,
        "bytes": dataset.bytes,
        "format": dataset.format,
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None


def _now(now: float | None) -> float:
    return time() if now is None else now
