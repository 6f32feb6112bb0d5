"""Every error as an RFC 9457 problem, and nothing in it that is not for strangers."""

import http
import inspect
import math
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from task2vec import errors
from task2vec.errors import Task2VecError
from task2vec.extras import lacking_at
from task2vec.messages.faults import Fault, true_faults
from task2vec.messages.problems import FieldProblem, Problem
from task2vec.service.keys import without_keys
from task2vec.store.sql.failures import means_full
from task2vec_api.logs import logger
from task2vec_api.parameters import near_field
from task2vec_api.route_lookup import allowed_methods

MEDIA_TYPE = "application/problem+json"
_DOCS = "https://task2vec.dev/errors/"

# What a client does well to repeat in a second.
_SOON_OVER = (errors.StoreBusyError, errors.StoreOwnedError, errors.StillAtWorkError)

# The nearest class of an error decides.
STATUS: dict[type[Task2VecError], int] = {
    errors.InputError: 422,
    errors.WeightsError: 422,
    errors.UnknownNameError: 404,
    errors.NameTakenError: 409,
    errors.StateError: 409,
    errors.ChangedError: 412,
    errors.TooLargeError: 413,
    errors.StoreError: 503,
    errors.StoreCorruptError: 500,
    errors.StoreBusyError: 503,
    errors.StoreOwnedError: 503,
    errors.StoreFullError: 507,
    errors.MissingExtraError: 501,
    errors.NotAuthenticatedError: 401,
    errors.AccessError: 403,
    errors.ServiceError: 500,
    errors.OverloadedError: 503,
    errors.DeadlineError: 504,
}
# What the database says names files of the server: it goes to the log only.
_OF_THE_STORE = {
    errors.StoreBusyError: ("The store is busy.", "Try again in a moment."),
    errors.StoreFullError: (
        "The server's disk is full; nothing was changed.",
        "Remove data sets that are no longer needed, or ask who runs the server to make room.",
    ),
    errors.StoreError: (
        "The server's store failed; nothing was changed.",
        "Give the request_id to the operator of the server: the log has the details.",
    ),
}
# The path is not repeated: it may hold anything.
_NO_ROUTE = (
    "There is no such route",
    "The path is not one of the service.",
    "Compare it with /openapi.json; the address that a client is given ends before /v1.",
)


class RateLimitedError(errors.OverloadedError, code="rate_limited"):
    """This key asks too often, or for too much at once."""


class SlowClientError(errors.ServiceError, code="slow_client"):
    """The request did not arrive in time."""


class MalformedError(errors.InputError, code="malformed"):
    """The body is not what its content type says."""


class RefusedOriginError(errors.AccessError, code="refused_origin"):
    """A request that a web page or a proxy may have sent to a server that asks for no key."""


STATUS |= {RateLimitedError: 429, SlowClientError: 408, MalformedError: 400}


def status_of(error: Task2VecError) -> int:
    """Return the HTTP status that an error is answered with."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: Task2VecError, *, request_id: str | None = None) -> Problem:
    """Return the problem that tells an error to a client."""
    status = status_of(error)
    if isinstance(error, errors.MissingExtraError):
        error = lacking_at("server", error)
    told = _told_of_store(error)
    if status == 500 and told is None:
        return internal_problem(request_id)
    detail, remedy = told or (f"{error.problem.removesuffix('.')}.", error.remedy)
    return Problem(
        type=f"{_DOCS}{error.code}",
        title=_title(type(error)),
        status=status,
        code=error.code,
        detail=scrub(detail),
        expected=None if told else scrub(error.expected),
        got=None if told else scrub(error.got),
        remedy=scrub(remedy),
        request_id=request_id,
    )


def internal_problem(request_id: str | None) -> Problem:
    """Return the problem for what nobody foresaw."""
    return Problem(
        type=f"{_DOCS}internal",
        title="A fault in the server itself",
        status=500,
        code="internal",
        detail="Something went wrong in the server.",
        remedy="Give the request_id to the operator of the server: the log has the details.",
        request_id=request_id,
    )


def answer(problem: Problem, *, headers: dict[str, str] | None = None) -> Response:
    """Return the response for a problem."""
    return Response(
        problem.model_dump_json(exclude_none=True).encode(),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def respond(error: Task2VecError, *, request_id: str | None = None) -> Response:
    """Return the response for an error."""
    headers = {}
    if isinstance(error, errors.OverloadedError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    elif isinstance(error, _SOON_OVER):
        headers["Retry-After"] = "1"
    if isinstance(error, errors.NotAuthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="task2vec"'
    if isinstance(error, errors.TooLargeError | SlowClientError):
        # What is left of the body is not worth reading.
        headers["Connection"] = "close"
    return answer(problem_of(error, request_id=request_id), headers=headers)


def install(app: FastAPI) -> None:
    """Let the app answer every error that reaches it with a problem."""
    app.add_exception_handler(Task2VecError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(OSError, _on_system)


def request_id_of(request: Request) -> str | None:
    """Return the id of a request."""
    found: str | None = request.scope.get("state", {}).get("request_id")
    return found


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, Task2VecError)
    foreseen = isinstance(error, errors.OverloadedError | errors.DeadlineError)
    if status_of(error) >= 500 and not foreseen:
        logger.error("a request failed", exc_info=error)
    elif isinstance(error, errors.UnknownNameError) and _belongs_elsewhere(request):
        return await _on_http(request, HTTPException(405))
    return respond(error, request_id=request_id_of(request))


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _belongs_elsewhere(request):
        return await _on_http(request, HTTPException(405))
    faults = true_faults(error.errors())
    if any(fault["type"] == "json_invalid" for fault in faults):
        malformed = MalformedError("The body is no valid JSON", got=_first(faults))
        return respond(malformed, request_id=request_id_of(request))
    fields = tuple(
        FieldProblem(field=_field(fault["loc"]), problem=_problem(request, fault))
        for fault in faults
    )
    named = ", ".join(dict.fromkeys(field.field for field in fields))
    problem = Problem(
        type=f"{_DOCS}bad_input",
        title=_title(errors.InputError),
        status=422,
        code="bad_input",
        detail=f"The request does not fit its schema: {named}.",
        request_id=request_id_of(request),
        fields=fields,
    )
    return answer(problem)


def _belongs_elsewhere(request: Request) -> bool:
    # GET /jobs/ID:cancel reaches /jobs/{job} with an id that none has.
    return request.method not in allowed_methods(request.app, request.scope["path"])


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    # A body that was cut off reaches frameworks as one that cannot be parsed.
    cut: Task2VecError | None = request.scope.get("state", {}).get("body_error")
    if cut is not None:
        return respond(cut, request_id=request_id_of(request))
    phrase = http.HTTPStatus(error.status_code).phrase
    code = {404: "unknown_route", 400: "malformed", 416: "range_not_satisfiable"}.get(
        error.status_code, phrase.lower().replace(" ", "_").replace("-", "_")
    )
    title, detail, remedy = phrase, scrub(str(error.detail)) or phrase, None
    if code == "unknown_route":
        title, detail, remedy = _NO_ROUTE
    problem = Problem(
        type=f"{_DOCS}{code}",
        title=title,
        status=error.status_code,
        code=code,
        detail=detail,
        request_id=request_id_of(request),
        remedy=remedy,
    )
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request.app, request.scope["path"]))
    return answer(problem, headers=headers)


async def _on_system(request: Request, error: Exception) -> Response:
    if not (isinstance(error, OSError) and means_full(error)):
        raise error
    logger.error("the disk is full", exc_info=error)
    return respond(errors.StoreFullError("full"), request_id=request_id_of(request))


def _told_of_store(error: Task2VecError) -> tuple[str, str] | None:
    if not isinstance(error, errors.StoreError):
        return None
    return next(_OF_THE_STORE[kind] for kind in type(error).__mro__ if kind in _OF_THE_STORE)


def _title(kind: type[Task2VecError]) -> str:
    lines = (inspect.getdoc(kind) or kind.__name__).splitlines()
    return lines[0].split(":")[0].removesuffix(".")


def _field(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location)


def _problem(request: Request, fault: Fault) -> str:
    near = near_field(request, fault["loc"]) if fault["type"] == "extra_forbidden" else None
    return f"{fault['msg']}. {near}" if near else str(fault["msg"])


def _first(faults: Iterable[Any]) -> str:
    fault = next(iter(faults))
    return str(fault.get("ctx", {}).get("error", fault["msg"]))


def scrub(text: str | None) -> str | None:
    """Take keys and the folders of this machine out of a text: names of files may stay."""
    if text is None:
        return None
    text = without_keys(text)
    for folder in _private_folders():
        # A whole path only: within an address or a longer path the letters mean something else.
        found = rf"(?<![\w./-]){re.escape(folder)}(?:/(?=[^\s/])|(?![\w.-]))"
        text = re.sub(found, lambda match: "" if match[0].endswith("/") else _SOME_FOLDER, text)
    return text


_SOME_FOLDER = "(a folder of the server)"
_hidden: set[str] = set()


def hide(folder: Path) -> None:
    """Let no answer of this process name ``folder``."""
    _hidden.update({str(folder.absolute()), str(folder.resolve())} - {"/"})


def _private_folders() -> list[str]:
    always = {tempfile.gettempdir(), str(Path.home()), str(Path.cwd())} - {"/"}
    return sorted(_hidden | always, key=len, reverse=True)
