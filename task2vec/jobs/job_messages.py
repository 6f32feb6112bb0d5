"""Jobs, their events and items of batches, as everybody but the store sees them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from task2vec import errors
from task2vec.errors import InputError
from task2vec.messages.batches import Item
from task2vec.messages.jobs import Job, JobEvent
from task2vec.messages.problems import Problem
from task2vec.messages.tasks import StoredTask
from task2vec.service.problems import DOCS, problem_of, scrub
from task2vec.store.jobs import StoredEvent
from task2vec.store.jobs.record import JobFailure, JobRecord, shown
from task2vec.store.tables.batches import BatchItem


def job_message(job: JobRecord) -> Job:
    """Return the message for a job."""
    return _message(shown(job))


def event_message(event: StoredEvent) -> JobEvent:
    """Return the message for what happened to a job at some time."""
    return JobEvent(id=event.id, kind=event.kind, job=_message(event.job))


def item_message(item: BatchItem) -> Item:
    """Return the message for an item of a batch."""
    return Item(
        position=item.position,
        name=item.name,
        status=item.status,
        job=item.job,
        task=item.task if isinstance(item.task, StoredTask) else None,
        error=None if item.error is None else failure_message(item.error),
    )


def failure_message(failure: JobFailure) -> Problem:
    """Return the problem that says why a job failed, in the form of a refused request's."""
    parts = {"expected": failure.expected, "got": failure.got, "remedy": failure.remedy}
    kind = _refusals().get(failure.code)
    if kind is not None:
        return problem_of(kind(failure.problem, **parts))
    return Problem(
        type=f"{DOCS}{failure.code}",
        title="The job failed",
        status=500,
        code=failure.code,
        detail=scrub(f"{failure.problem.removesuffix('.')}.") or "",
        **{name: scrub(part) for name, part in parts.items()},
    )


def _message(fields: Mapping[str, Any]) -> Job:
    error = fields.get("error")
    problem = None if error is None else failure_message(JobFailure(**error))
    return Job.model_validate({**fields, "error": problem})


@cache
def _refusals() -> dict[str, type[InputError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.code: kind for kind in kinds if issubclass(kind, InputError)}
