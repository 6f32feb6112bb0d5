"""From what the use cases return to messages of the wire."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from task2vec import errors
from task2vec.errors import Task2VecError
from task2vec.messages.batches import Item
from task2vec.messages.jobs import Job
from task2vec.messages.problems import Problem
from task2vec.messages.tasks import Embedding, StoredTask
from task2vec.store.jobs.record import JobFailure, JobRecord, shown
from task2vec.store.tables.batches import BatchItem
from task2vec.types import TaskEmbedding
from task2vec_api.errors import problem_of, scrub


def job_message(job: JobRecord | Mapping[str, Any]) -> Job:
    """Return the message for a job, or for what was shown of it at some time."""
    data = dict(shown(job) if isinstance(job, JobRecord) else job)
    error = data.get("error")
    data["error"] = None if error is None else failure_message(JobFailure(**error))
    return Job.model_validate(data)


def failure_message(failure: JobFailure) -> Problem:
    """Return the problem that says why a job failed, in the form of a refused request's."""
    parts = {"expected": failure.expected, "got": failure.got, "remedy": failure.remedy}
    kind = _kinds().get(failure.code)
    if kind is not None and issubclass(kind, errors.InputError):
        return problem_of(kind(failure.problem, **parts))
    return Problem(
        type=f"https://task2vec.dev/errors/{failure.code}",
        title="The job failed",
        status=500,
        code=failure.code,
        detail=scrub(f"{failure.problem.removesuffix('.')}.") or "",
        **{name: scrub(part) for name, part in parts.items()},
    )


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


def embedding_message(task: StoredTask, embedding: TaskEmbedding) -> Embedding:
    """Return the message for a task's vector."""
    return Embedding.model_validate(
        {
            "id": task.id,
            "name": task.name,
            "values": embedding.values.tolist(),
            "errors": embedding.errors.tolist(),
            "provenance": embedding.provenance,
        }
    )


@cache
def _kinds() -> dict[str, type[Task2VecError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.code: kind for kind in found if issubclass(kind, Task2VecError)}
