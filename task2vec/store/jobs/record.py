"""A job as the store keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from task2vec.messages.jobs import Job, Progress
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


_FIELDS = TypeAdapter(JobRecord)


def fields_of(job: JobRecord) -> dict[str, Any]:
    """Return all fields of a job, those of its failure and its progress as mappings."""
    fields: dict[str, Any] = _FIELDS.dump_python(job)
    return fields


def shown(job: JobRecord) -> dict[str, Any]:
    """Return the stable fields that every surface shows of a job."""
    fields: dict[str, Any] = _FIELDS.dump_python(job, mode="json", include=set(Job.model_fields))
    return fields
