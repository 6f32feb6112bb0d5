"""From a server's refusal to the error that it stands for."""

from collections.abc import Iterator

from pydantic import ValidationError

from task2vec import errors
from task2vec.client.request import Reply
from task2vec.errors import (
    InputError,
    InternalError,
    JobCancelledError,
    JobFailedError,
    NotAllowedError,
    NotAuthenticatedError,
    OverloadedError,
    ServiceError,
    Task2VecError,
    UnknownNameError,
    UnreachableError,
)
from task2vec.messages.jobs import Job
from task2vec.messages.problems import Problem
from task2vec.types.jobs import JobState

#: For a reply that is no problem document: what a proxy says, or another program.
_BY_STATUS: dict[int, type[Task2VecError]] = {
    401: NotAuthenticatedError,
    403: NotAllowedError,
    404: ServiceError,
    429: OverloadedError,
    502: UnreachableError,
    503: OverloadedError,
    504: UnreachableError,
}


def raise_for(reply: Reply) -> None:
    """Raise the error of a reply that refuses; one that does not passes.

    The error has the ``request_id`` by which the server's log knows the request.
    """
    # The server sends no redirection: the request has not been carried out.
    if reply.status < 300:
        return
    try:
        problem = Problem.model_validate_json(reply.content)
    except ValidationError:
        raise _foreign(reply) from None
    error = error_of(problem, status=reply.status)
    error.request_id = problem.request_id or reply.headers.get("x-request-id")
    if isinstance(error, OverloadedError):
        error.retry_after = _seconds(reply.headers.get("retry-after"), error.retry_after)
    raise error


def is_unknown(reply: Reply) -> bool:
    """Whether a task2vec server says that what was asked about is not there."""
    try:
        problem = Problem.model_validate_json(reply.content)
    except ValidationError:
        return False
    return reply.status == 404 and problem.code == UnknownNameError.code


def error_of(problem: Problem, *, status: int | None = None) -> Task2VecError:
    """Return the error that a problem document stands for."""
    kind = _by_code().get(problem.code) or _by_status(status or problem.status)
    faults = "; ".join(f"{fault.field}: {fault.problem}" for fault in problem.fields)
    error = kind(
        # `str` of an error goes on after the problem, and ends the sentence itself.
        problem.detail.removesuffix("."),
        expected=problem.expected,
        got=problem.got or faults or None,
        remedy=problem.remedy,
    )
    error.request_id = problem.request_id
    return error


def job_error(job: Job) -> JobFailedError | JobCancelledError:
    """Return the error of a job that ended without a result; it carries the ``job``.

    That of a failed one has the error that stopped the work as its cause.
    """
    error: JobFailedError | JobCancelledError
    if job.state is JobState.CANCELLED:
        error = JobCancelledError(f"Job {job.id} was cancelled")
    elif job.error is None:
        error = JobFailedError(f"Job {job.id} failed")
    else:
        cause = error_of(job.error)
        error = JobFailedError(
            cause.problem, expected=cause.expected, got=cause.got, remedy=cause.remedy
        )
        error.__cause__ = cause
    error.job = job
    return error


def _foreign(reply: Reply) -> Task2VecError:
    kind = _by_status(reply.status)
    error = kind(
        f"The server answered with status {reply.status} and nothing that task2vec understands",
        got=reply.content[:200].decode(errors="replace").strip() or "an empty answer",
        remedy="Check that the address is that of a task2vec server."
        if issubclass(kind, ServiceError)
        else None,
    )
    error.request_id = reply.headers.get("x-request-id")
    return error


def _by_status(status: int) -> type[Task2VecError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status < 400:
        return ServiceError
    return InputError if status < 500 else InternalError


def _by_code() -> dict[str, type[Task2VecError]]:
    return {kind.code: kind for kind in _kinds(Task2VecError)}


def _kinds(kind: type[Task2VecError]) -> Iterator[type[Task2VecError]]:
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _kinds(below)


def _seconds(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default
