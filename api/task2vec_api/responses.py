"""How operations are described: their answers, their errors, each with a real example."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from task2vec.messages.jobs import Job
from task2vec_api.route_lookup import only_known

Responses = dict[int | str, dict[str, Any]]

# Whatever an operation does, these may happen.
COMMON_ERRORS = (400, 401, 403, 413, 422, 429, 500, 503, 504)


def router(tag: str) -> APIRouter:
    """Return a router for operations of one tag, which bear the names of their functions.

    They refuse query parameters that they do not take.
    """
    return APIRouter(
        tags=[tag], generate_unique_id_function=_name, dependencies=[Depends(only_known)]
    )


def _name(route: APIRoute) -> str:
    return route.name


def json_answer(
    model: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the response for a message; numbers that are not finite become null."""
    return Response(
        model.model_dump_json().encode(),
        status_code=status,
        media_type="application/json",
        headers=None if headers is None else dict(headers),
    )


def made(model: BaseModel, place: str, *, status: int = 201) -> Response:
    """Return the response for something new, and where it is."""
    return json_answer(model, status=status, headers={"Location": place})


def answering(status: int, model: type[BaseModel], description: str) -> Responses:
    """Describe an answer beside the usual one; its example is in ``examples.json``."""
    return {status: {"model": model, "description": description}}


def sent(status: int, description: str, **media: Any) -> Responses:
    """Describe an answer that is no message: ``media`` types by name."""
    return {status: {"description": description, "content": media}}


def failing(*statuses: int) -> Responses:
    """Describe the errors that only some operations have, beside `COMMON_ERRORS`."""
    return {status: {"description": _MEANINGS[status]} for status in statuses}


def by_job(answer: type[BaseModel], *failures: int) -> dict[str, Any]:
    """Describe an operation that is answered with a job, or with the result of the job."""
    return {
        "status_code": 202,
        "response_model": Job,
        "response_description": "The job whose result is the answer: follow it under Location.",
        "responses": {
            **answering(
                200, answer, "The answer, with `Prefer: wait` and when it was there in time."
            ),
            **failing(*failures),
        },
    }


def removes(*failures: int) -> dict[str, Any]:
    """Describe an operation after which something is gone."""
    return {
        "status_code": 204,
        "response_class": Response,
        "responses": {**sent(204, "It is gone."), **failing(404, *failures)},
    }


UNCHANGED = sent(304, "It is as it was: the ETag is one of If-None-Match.")
"""The answer to who has seen this version already."""


def meaning_of(status: int) -> str:
    """Return what an error with this status tells, in a sentence."""
    return _MEANINGS[status]


def problem_example(status: int) -> dict[str, Any]:
    """Return a problem with this status, as the server would tell it."""
    code, detail, remedy = _EXAMPLES[status]
    example = {
        "type": f"https://task2vec.dev/errors/{code}",
        "title": _MEANINGS[status],
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": "req_5f0c2a9be1d34477",
    }
    return example if remedy is None else {**example, "remedy": remedy}


_MEANINGS = {
    400: "The body is not what its content type says",
    401: "No key came, or one that is not valid",
    403: "A valid key without the scope that this needs",
    404: "No such thing has this name or id",
    406: "None of the media types in Accept can be given",
    408: "The request did not arrive in time",
    409: "Not possible in the present state of what it is about",
    412: "What was to be changed has changed since it was read",
    413: "More than the limits allow",
    415: "The body is of a media type that is not taken",
    416: "The file has no such part",
    422: "What was asked for cannot be used",
    429: "This key asks too often, or for too much at once",
    500: "A fault in the server itself",
    501: "An optional dependency is not installed on the server",
    503: "The server has too much to do",
    504: "The time that was given is over",
    507: "The disk of the server is full",
}

_EXAMPLES: dict[int, tuple[str, str, str | None]] = {
    400: ("malformed", "The body is no valid JSON.", None),
    401: ("unauthenticated", "This needs a key.", "Send it as Authorization: Bearer KEY."),
    403: ("not_allowed", "This key does not open this.", None),
    404: (
        "unknown_name",
        "No task has the name or id 'greek_capitls'.",
        "Did you mean 'greek_capitals'? List all tasks: `task2vec list`.",
    ),
    406: ("not_acceptable", "Only application/json and application/octet-stream are given.", None),
    408: ("slow_client", "The request did not arrive in time.", None),
    409: ("wrong_state", "Job job_31d0b7f2a6c85e94 cannot be cancelled.", None),
    412: (
        "changed",
        "It has changed since you read it.",
        "Read it again, see what changed, and repeat with its new ETag.",
    ),
    413: ("too_large", "This is more than the server takes at once.", None),
    415: ("unsupported_media_type", "A form is expected: multipart/form-data.", None),
    416: ("range_not_satisfiable", "The file has 7,000 bytes, and none where Range says.", None),
    422: ("bad_input", "The request does not fit its schema: query.k.", None),
    429: ("rate_limited", "This key asks too often.", "Wait as long as Retry-After says."),
    500: (
        "internal",
        "Something went wrong in the server.",
        "Give the request_id to the operator of the server: the log has the details.",
    ),
    501: ("missing_extra", "UMAP is not installed on the server.", None),
    503: ("overloaded", "The server has too much to do.", "Wait as long as Retry-After says."),
    504: ("deadline_exceeded", "The time that was given is over.", None),
    507: ("store_full", "The server's disk is full; nothing was changed.", None),
}
