"""How workers get jobs, keep them, give them back and end them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

from sqlalchemy import Connection

from task2vec.errors import InputError, Task2VecError, UnreachableError, WeightsError
from task2vec.jobs.findings import receive
from task2vec.jobs.jobs import KINDS
from task2vec.messages.base import Answer, finite
from task2vec.messages.jobs import Progress
from task2vec.messages.leases import Failure
from task2vec.messages.leases import Findings as SentFindings
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.work import LentDataset, Work
from task2vec.service.keys import without_keys
from task2vec.service.models.experts import sweep_experts
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.store.jobs.repository import datasets_of
from task2vec.types import JobKind, JobState
from task2vec.types.names import LONGEST_NAME, visible

#: How long a worker may go without getting ahead before its job is given to another.
LEASE_SECONDS = 60.0
# As long as the wire lets a worker tell of a failure.
_LONGEST_TEXT = 10_000


@dataclass(frozen=True)
class Lent:
    """A job, what it is about with all that its worker needs to know, and the lease's seconds."""

    job: JobRecord
    work: Any
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

    A job that needs what is gone since fails, one that others have done meanwhile succeeds, and the
    next is lent. Leases that are over are ended by `expire` alone: its caller has to know of them,
    since the worker may hang.
    """
    moment = _now(now)
    jobs = workspace.store().jobs
    while True:
        job = jobs.lease(worker=worker, kinds=kinds, now=moment, seconds=seconds)
        if job is None:
            return None
        try:
            work = KINDS[job.kind].work.model_validate(job.payload)
            if not _moved_on(workspace, job, work, moment):
                return Lent(job, _lent(workspace, job, work), seconds)
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
    progress: Progress,
    seconds: float = LEASE_SECONDS,
    now: float | None = None,
) -> JobRecord:
    """Note progress; only where it went forward is the lease prolonged.

    One that is cancelling is to be stopped and then failed. Raises `LeaseLostError`.
    """
    shown = progress.model_copy(
        update={
            "stage": visible(progress.stage[:LONGEST_NAME]),
            "standard_error": finite(progress.standard_error),
            "seconds_left": finite(progress.seconds_left),
        }
    )
    return workspace.store().jobs.heartbeat(
        id_, fence=fence, progress=shown, now=_now(now), seconds=seconds
    )


def fail(
    workspace: Workspace,
    id_: str,
    *,
    fence: int,
    failure: Task2VecError | Failure | JobFailure,
    transient: bool,
    now: float | None = None,
) -> JobRecord:
    """End a try badly: a transient failure is tried again, at most three times in all.

    A worker that could not reach the server did not fail, and the try does not count. Keys are
    taken out of its texts, and what disturbs terminals is escaped. A worker that has stopped a
    cancelling job says so with this too. Raises `LeaseLostError`.
    """
    if transient and failure.code == UnreachableError.code:
        # Its worker did not fail, the server was away.
        return workspace.store().jobs.interrupt(id_, fence=fence, now=_now(now))
    return workspace.store().jobs.fail(
        id_, fence=fence, failure=failure_of(failure), transient=transient, now=_now(now)
    )


def complete(
    workspace: Workspace,
    id_: str,
    *,
    sent: SentFindings,
    files: Mapping[str, Path],
    now: float | None = None,
) -> JobRecord:
    """End a job with what its worker found: store it, and answer, in one transaction.

    The job has succeeded then, or is queued for its next step; or is cancelled, if it was to be:
    nothing is stored; or has failed, if what came cannot be used. A caller that got no answer may
    call again, and nothing happens twice. ``files`` are those of `task2vec.jobs.findings.receive`.

    Raises:
        LeaseLostError: when the job does not belong to this lease.
        StoreError: when nothing could be stored; the job is as it was.
    """
    store, moment = workspace.store(), _now(now)
    job = store.jobs.under_lease(id_, fence=sent.fence)
    kind = KINDS[job.kind]
    try:
        commit = None
        if job.state is JobState.RUNNING:
            if kind.commit is None:
                raise InputError(f"Job {job.id} is of the kind {job.kind}, which no worker does")
            work = kind.work.model_validate(job.payload)
            findings = receive(
                workspace, id_, sent, files, embeds=kind.embeds(work), settings=_settings_of(work)
            )
            commit = kind.commit(workspace, work, findings)
        with store.transaction() as connection:
            job = store.jobs.under_lease_within(connection, id_, fence=sent.fence)
            done = None
            if commit is not None and job.state is JobState.RUNNING:
                done = commit(connection)
            return _stepped(workspace, connection, job, done, now=moment)
    except BaseException as error:
        if job.kind in (JobKind.FINETUNE, JobKind.COMPARE):
            # Its file may be there already, and its record is not.
            sweep_experts(workspace)
        if not isinstance(error, InputError | WeightsError):
            raise
        # A lease that was lost meanwhile is for the caller to hear of: `fail` tells.
        failure = failure_of(error)
        return store.jobs.fail(id_, fence=sent.fence, failure=failure, transient=False, now=moment)


def oldest_wait(workspace: Workspace, *, now: float | None = None) -> float | None:
    """Return for how many seconds the job has waited that waits longest; None without any."""
    created = workspace.store().jobs.oldest_queued()
    if created is None:
        return None
    return max(_now(now) - datetime.fromisoformat(created).timestamp(), 0)


def failure_of(error: Task2VecError | Failure | JobFailure) -> JobFailure:
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


def _moved_on(workspace: Workspace, job: JobRecord, work: Work, now: float) -> bool:
    """Take off a job what others have done since it was queued; return whether there was any."""
    left = KINDS[job.kind].left(workspace, work)
    if left == work:
        return False
    with workspace.store().transaction() as connection:
        job = workspace.store().jobs.under_lease_within(connection, job.id, fence=job.fence)
        _stepped(workspace, connection, job, left, now=now)
    return True


def _stepped(
    workspace: Workspace,
    connection: Connection,
    job: JobRecord,
    done: Answer | Work | None,
    *,
    now: float,
) -> JobRecord:
    """End a job with its answer, or queue it for what is left of it."""
    jobs = workspace.store().jobs
    if isinstance(done, Work) and job.state is JobState.RUNNING:
        payload = done.model_dump(mode="json")
        return jobs.advance_within(connection, job, payload=payload, now=now)
    result = {} if done is None else done.model_dump(mode="json")
    return jobs.complete_within(connection, job, result=result, now=now)


def _lent(workspace: Workspace, job: JobRecord, work: Work) -> Work:
    """Return what a job is about, with what its worker needs to know."""
    store = workspace.store()
    lent: Work = KINDS[job.kind].lend(workspace, work)
    datasets = {
        role: LentDataset.model_validate(store.datasets.get(id_))
        for role, id_ in datasets_of(job).items()
    }
    return lent.model_copy(update={"datasets": datasets})


def _settings_of(work: Any) -> EmbeddingSettings:
    """Return how the data sets of a job are embedded; a new task to fine-tune on by default."""
    settings = getattr(work, "settings", None)
    return settings if isinstance(settings, EmbeddingSettings) else EmbeddingSettings()


def _now(now: float | None) -> float:
    return time() if now is None else now
