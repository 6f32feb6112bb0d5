"""A refusal becomes the error that it stands for."""

import inspect
import json
from typing import Any

import pytest
from scripted import reply

from task2vec import errors
from task2vec.client.http.problems import error_of, job_error, raise_for
from task2vec.errors import (
    InputError,
    InternalError,
    JobCancelledError,
    JobFailedError,
    NotAuthenticatedError,
    OverloadedError,
    ServiceError,
    SourceError,
    Task2VecError,
    UnknownNameError,
)
from task2vec.messages.jobs import Job
from task2vec.messages.problems import Problem

KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Task2VecError)
]


def refusal(status: int, **fields: Any) -> Any:
    body = {"title": "t", "status": status, "detail": "There is no 'a'.", **fields}
    return reply(status, json.dumps(body).encode())


def raised(given: Any) -> Task2VecError:
    with pytest.raises(Task2VecError) as caught:
        raise_for(given)
    return caught.value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_code_comes_back_as_its_class(kind: type[Task2VecError]) -> None:
    error = raised(refusal(400, code=kind.code, remedy="Do.", request_id="req_1", got="b"))

    assert type(error) is kind
    assert (error.problem, error.got, error.remedy) == ("There is no 'a'", "b", "Do.")
    assert str(error) == "There is no 'a': got b. Do."
    assert error.request_id == "req_1"


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert sorted(codes) == sorted(set(codes))


def test_an_answer_that_does_not_refuse_passes() -> None:
    raise_for(reply(204, b""))


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotAuthenticatedError), (422, InputError), (500, InternalError)]
)
def test_an_unknown_code_is_judged_by_the_status(status: int, kind: type[Task2VecError]) -> None:
    assert type(raised(refusal(status, code="of_a_later_server"))) is kind


def test_what_no_task2vec_server_says_is_told_so() -> None:
    error = raised(reply(404, b"<html>nginx</html>", x_request_id="r"))

    assert type(error) is ServiceError
    assert "nginx" in str(error)
    assert "address" in str(error)
    assert error.request_id == "r"


def test_a_redirection_is_no_success() -> None:
    with pytest.raises(ServiceError, match="307"):
        raise_for(reply(307, b"", location="https://elsewhere"))


def test_overload_says_how_long_to_wait() -> None:
    given = refusal(429, code="overloaded")
    given.headers["retry-after"] = "7"
    error = raised(given)

    assert isinstance(error, OverloadedError)
    assert error.retry_after == 7.0


def test_the_faults_of_a_schema_are_told() -> None:
    fields = [{"field": "k", "problem": "at least 1"}, {"field": "x", "problem": "not known"}]
    error = raised(refusal(422, code="bad_input", fields=fields))

    assert error.got == "k: at least 1; x: not known"


def job(state: str, error: Any = None) -> Job:
    return Job.model_validate(
        {
            "id": "job_1",
            "kind": "embed",
            "state": state,
            "priority": "low",
            "attempts": 1,
            "progress": {},
            "result": None,
            "error": error,
            "quarantined": False,
            "batch": None,
            "name": "a",
            "created": "2026-01-01T00:00:00Z",
            "started": None,
            "finished": None,
        }
    )


def test_a_failed_job_carries_itself_and_its_cause() -> None:
    failed = job("failed", {"title": "", "status": 422, "code": "bad_source", "detail": "No."})
    error = job_error(failed)

    assert isinstance(error, JobFailedError)
    assert error.job is failed
    assert isinstance(error.__cause__, SourceError)
    assert error.problem == error.__cause__.problem == "No"


def test_a_cancelled_job_is_another_error() -> None:
    assert isinstance(job_error(job("cancelled")), JobCancelledError)
    assert not isinstance(job_error(job("cancelled")), UnknownNameError)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, "There is no 'a'."),
        ({"expected": "b", "got": "c", "remedy": "Do."}, "There is no 'a': expected b, got c. Do."),
        (
            {"fields": ({"field": "k", "problem": "too large"},)},
            "There is no 'a': got k: too large.",
        ),
    ],
)
def test_a_problem_reads_as_the_error_that_it_stands_for(parts: dict[str, Any], text: str) -> None:
    problem = Problem(
        title="t", status=404, code="unknown_name", detail="There is no 'a'.", **parts
    )

    assert str(problem) == text
    assert str(error_of(problem)) == text
