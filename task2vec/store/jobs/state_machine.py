"""The life of a job: what each step makes of it, without a store and without a clock.

    queued ── lease ──> running ── succeed ──> succeeded
      ^ ^                 │  │
      │ └─ release, ──────┘  ├── fail ──> failed
      │    interruption,     └── cancel ──> cancelling ── the worker stops ──> cancelled
      │    transient failure, next step           queued ── cancel ──> cancelled
      └─ retry of failed or cancelled

Every function takes a job and returns the job after the step; ``now`` is in seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from task2vec.errors import LeaseLostError, StateError
from task2vec.messages.jobs import Progress
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.types import JobState

#: A job that failed this many times is put into quarantine.
MOST_TRIES = 3
#: A job that was lent so often and is interrupted again is put into quarantine, though none of its
#: tries counts: what it makes the server do may be what ends the server.
MOST_LEASES = 20
#: How long a job waits before its second and third try.
BACKOFF_SECONDS = (2.0, 20.0)
WORKER_LOST = "worker_lost"


def at(now: float) -> str:
    """Return the time as it is stored for people: UTC, ISO 8601, to the millisecond."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")


def check_lease(job: JobRecord, fence: int) -> None:
    """Raise `LeaseLostError` unless the holder of ``fence`` still has the job."""
    if job.fence != fence or job.state not in (JobState.RUNNING, JobState.CANCELLING):
        raise LeaseLostError(
            f"Job {job.id} does not belong to this lease",
            expected=f"lease {job.fence} of a running job",
            got=f"lease {fence}, and the job is {job.state.value}",
            remedy="Drop the work: the job was given to somebody else, or has ended.",
        )


def leased(job: JobRecord, *, worker: str, now: float, seconds: float) -> JobRecord:
    """Lend a queued job to a worker."""
    return replace(
        job,
        state=JobState.RUNNING,
        fence=job.fence + 1,
        attempts=job.attempts + 1,
        worker=worker,
        lease_until=now + seconds,
        progress=Progress(),
        started=job.started or at(now),
    )


def went_forward(before: Progress, after: Progress) -> bool:
    """Whether a heartbeat tells of work that was done, and not only of a process that lives."""
    return after.stage != before.stage or after.done > before.done


def progressed(job: JobRecord, progress: Progress, *, now: float, seconds: float) -> JobRecord:
    """Note progress, and prolong the lease."""
    return replace(job, progress=progress, lease_until=now + seconds)


def succeeded(job: JobRecord, result: Mapping[str, Any], *, now: float) -> JobRecord:
    """End a job well.

    Its worker tells how far it is every few seconds: the last of that would stay for ever.
    """
    progress = job.progress.model_copy(update={"done": job.progress.total, "seconds_left": None})
    ended = _ended(job, JobState.SUCCEEDED, now=now)
    return replace(ended, result=result, error=None, progress=progress)


def advanced(job: JobRecord, payload: Mapping[str, Any], *, now: float) -> JobRecord:
    """Queue a job of several steps for its next one, which has as many tries as the first."""
    return _queued(replace(job, payload=payload, attempts=0, error=None), not_before=now)


def failed(job: JobRecord, failure: JobFailure, *, transient: bool, now: float) -> JobRecord:
    """End a try badly: a transient failure is tried again until it was tried too often.

    Of a job that is to be cancelled it is only noted that its worker stopped.
    """
    if job.state is JobState.CANCELLING:
        return cancelled(job, now=now)
    job = replace(job, error=failure)
    if not transient:
        return _ended(job, JobState.FAILED, now=now)
    if job.attempts >= MOST_TRIES:
        return replace(_ended(job, JobState.FAILED, now=now), quarantined=True)
    wait = BACKOFF_SECONDS[min(job.attempts, len(BACKOFF_SECONDS)) - 1]
    return _queued(job, not_before=now + wait)


def released(job: JobRecord, *, now: float) -> JobRecord:
    """Give a job back untried: its worker stops, through no fault of the job."""
    if job.state is JobState.CANCELLING:
        return cancelled(job, now=now)
    return _queued(replace(job, attempts=job.attempts - 1), not_before=now)


def interrupted(job: JobRecord, *, now: float) -> JobRecord:
    """End a try that was cut off by the end of the server, or of the connection to it.

    It does not count, since the job's own worker did not fail.
    """
    if job.state is JobState.CANCELLING:
        return cancelled(job, now=now)
    untried = replace(job, attempts=job.attempts - 1)
    if job.fence < MOST_LEASES:
        return _queued(untried, not_before=now + BACKOFF_SECONDS[0])
    failure = JobFailure(
        code=WORKER_LOST,
        problem=f"The job was given to a worker {job.fence} times and never came to an end",
        got="at last the server ended, or could not be reached, while the job was worked on",
        remedy="See the server's log. If the job did not cause this, try it again with "
        f"`POST /v1/jobs/{job.id}:retry`.",
    )
    ended = _ended(replace(untried, error=failure), JobState.FAILED, now=now)
    return replace(ended, quarantined=True)


def lost(job: JobRecord, *, now: float, seconds: float) -> JobRecord:
    """End the try of a worker that was silent, or that did not get ahead, for its whole lease."""
    problem = f"The worker made no progress for {seconds:g} s: it was killed, hangs, or ran out of "
    return _without_worker(job, f"{problem}memory", now=now)


def died(job: JobRecord, *, now: float) -> JobRecord:
    """End the try of a worker whose process has ended."""
    problem = "The worker died: it was killed, crashed, or ran out of memory"
    return _without_worker(job, problem, now=now)


def _without_worker(job: JobRecord, problem: str, *, now: float) -> JobRecord:
    progress = job.progress
    failure = JobFailure(
        code=WORKER_LOST,
        problem=problem,
        got=f"worker {job.worker}, stage '{progress.stage}', {progress.done} of {progress.total} "
        "images done",
        remedy="See the worker's log. A job that this happens to "
        f"{MOST_TRIES} times is not tried again.",
    )
    return failed(job, failure, transient=True, now=now)


def asked_to_stop(job: JobRecord, *, now: float) -> JobRecord:
    """Cancel a job: at once while nobody works on it, else when its worker has heard of it.

    Raises:
        StateError: when it has ended.
    """
    if job.state.final:
        raise StateError(
            f"Job {job.id} cannot be cancelled",
            expected="a job that has not ended",
            got=f"one that has {'been cancelled' if job.state is JobState.CANCELLED else 'ended'}"
            f" ({job.state.value})",
        )
    if job.state is JobState.QUEUED:
        return cancelled(job, now=now)
    return replace(job, state=JobState.CANCELLING)


def cancelled(job: JobRecord, *, now: float) -> JobRecord:
    """End a job that nobody wants any more."""
    return _ended(job, JobState.CANCELLED, now=now)


def retried(job: JobRecord, *, now: float) -> JobRecord:
    """Queue a failed or cancelled job again, as if it were new.

    Raises:
        StateError: in any other state.
    """
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        raise StateError(
            f"Job {job.id} cannot be tried again",
            expected="a failed or cancelled job",
            got=f"one that is {job.state.value}",
        )
    fresh = replace(job, attempts=0, quarantined=False, error=None, started=None, finished=None)
    return _queued(fresh, not_before=now)


def _queued(job: JobRecord, *, not_before: float) -> JobRecord:
    return replace(
        job,
        state=JobState.QUEUED,
        worker=None,
        lease_until=None,
        not_before=not_before,
        progress=Progress(),
    )


def _ended(job: JobRecord, state: JobState, *, now: float) -> JobRecord:
    return replace(job, state=state, worker=None, lease_until=None, finished=at(now))
