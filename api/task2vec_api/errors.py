"""Every error is answered with an RFC 9457 problem."""

import errno
import http
import math
from collections.abc import Iterable
from json import JSONDecodeError
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from task2vec import errors
from task2vec.errors import Task2VecError
from task2vec.messages.faults import Fault, true_faults
from task2vec.messages.problems import FieldProblem, Problem
from task2vec.service.problems import DOCS, STATUS, problem_of, scrub, status_of, title_of
from task2vec_api.logs import logger
from task2vec_api.route_lookup import allowed_methods, near_field

MEDIA_TYPE = "application/problem+json"

# The disk, or our share of it.
_MEANS_FULL = (errno.ENOSPC, errno.EDQUOT)
# What a client does well to repeat in a second.
_SOON_OVER = (errors.StoreBusyError, errors.StoreOwnedError, errors.StillAtWorkError)

_NO_JSON = "The body is no valid JSON"
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
    id_: str | None = request.scope.get("state", {}).get("request_id")
    return id_


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
        return respond(_no_json(faults[0], error.body), request_id=request_id_of(request))
    fields = tuple(
        FieldProblem(field=_field(fault["loc"]), problem=_problem(request, fault))
        for fault in faults
    )
    named = ", ".join(dict.fromkeys(field.field for field in fields))
    problem = Problem(
        type=f"{DOCS}bad_input",
        title=title_of(errors.InputError),
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
    told: Task2VecError | None = request.scope.get("state", {}).get("body_error")
    # FastAPI says only that the body could not be parsed.
    if told is None and isinstance(error.__cause__, UnicodeDecodeError):
        told = MalformedError(_NO_JSON, expected="text in UTF-8", got=_no_text(error.__cause__))
    elif told is None and isinstance(error.__cause__, RecursionError):
        told = MalformedError(_NO_JSON, got="lists or objects that are nested too deeply")
    if told is not None:
        return respond(told, request_id=request_id_of(request))
    phrase = http.HTTPStatus(error.status_code).phrase
    code = {404: "unknown_route", 400: "malformed", 416: "range_not_satisfiable"}.get(
        error.status_code, phrase.lower().replace(" ", "_").replace("-", "_")
    )
    title, detail, remedy = phrase, scrub(str(error.detail)) or phrase, None
    if code == "unknown_route":
        title, detail, remedy = _NO_ROUTE
    problem = Problem(
        type=f"{DOCS}{code}",
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
    if not (isinstance(error, OSError) and error.errno in _MEANS_FULL):
        raise error
    logger.error("the disk is full", exc_info=error)
    return respond(errors.StoreFullError("full"), request_id=request_id_of(request))


def _field(location: Iterable[int | str]) -> str:
    return ".".join(str(part) for part in location)


def _problem(request: Request, fault: Fault) -> str:
    near = near_field(request, fault["loc"]) if fault["type"] == "extra_forbidden" else None
    # JSON has no tuples.
    text = str(fault["msg"]).replace("valid tuple", "valid array")
    return f"{text}. {near}" if near else text


def _no_json(fault: Fault, body: Any) -> MalformedError:
    """Return the error that says where a body ceases to be JSON."""
    why, position = str(fault.get("ctx", {}).get("error", fault["msg"])), fault["loc"][-1]
    if isinstance(body, str) and isinstance(position, int):
        place = JSONDecodeError(why, body, position)
        why = f"{why} at line {place.lineno}, column {place.colno}"
    return MalformedError(_NO_JSON, got=why)


def _no_text(error: UnicodeDecodeError) -> str:
    return f"other bytes from byte {error.start + 1:,} on"
