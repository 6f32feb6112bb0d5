"""A job as the store keeps it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from task2vec.messages.jobs import Progress
from task2vec.types import JobKind, JobState, Priority


@dataclass(frozen=True)
class JobFailure:
    """Why a try failed, in the parts of a `Task2VecError`."""

    code: str
    problem: str
    expected: str | None = None
    got: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class JobRecord:
    """A job in the store.

    ``payload`` is what it is about (`task2vec.messages.work`), ``result`` its answer, both as JSON.
    ``fence`` rises with every lease; ``lease_until`` is in seconds since 1970. ``same_as`` is equal
    for jobs that would do the same work. ``quarantined``: it failed too often and is not tried
    again.
    """

    id: str
    kind: JobKind
    payload: Mapping[str, Any]
    name: str | None = None
    state: JobState = JobState.QUEUED
    priority: Priority = Priority.NORMAL
    result: Mapping[str, Any] | None = None
    error: JobFailure | None = None
    progress: Progress = field(default_factory=Progress)
    attempts: int = 0
    fence: int = 0
    worker: str | None = None
    lease_until: float | None = None
    not_before: float = 0.0
    quarantined: bool = False
    same_as: str | None = None
    dataset: str | None = None
    owner: str | None = None
    batch: str | None = None
    created: str = ""
    started: str | None = None
    finished: str | None = None


def shown(job: JobRecord) -> dict[str, Any]:
    """Return the stable fields that every surface shows of a job."""
    return {
        "id": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "priority": job.priority.value,
        "attempts": job.attempts,
        "progress": job.progress.model_dump(),
        "result": None if job.result is None else dict(job.result),
        "error": None if job.error is None else asdict(job.error),
        "quarantined": job.quarantined,
        "batch": job.batch,
        "name": job.name,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
    }
