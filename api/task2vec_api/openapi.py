"""The OpenAPI document: what FastAPI knows, and what it does not."""

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from task2vec.messages.datasets import NewRemoteDataset
from task2vec.messages.jobs import JobEvent
from task2vec.messages.leases import Findings
from task2vec.messages.problems import Problem
from task2vec_api.access import PUBLIC
from task2vec_api.errors import MEDIA_TYPE
from task2vec_api.middleware.deadlines import LONGEST, SHORTEST
from task2vec_api.middleware.idempotency import WORKERS
from task2vec_api.responses import COMMON_ERRORS, meaning_of, problem_example

_DESCRIPTION = """\
Embeds labelled image sets, finds which known ones they resemble, and ranks models to start from.

Long work answers 202 with a job under `Location`; with `Prefer: wait=SECONDS` the answer is the
result itself where it comes in time. Errors are RFC 9457 problems with a stable `code`. Lists come
page by page: give `next_page_token` as `page_token`. A POST with an `Idempotency-Key` may be
repeated and is done once. What can change has an `ETag`; `If-Match` guards a change.
"""

_TAGS = {
    "tasks": "Labelled image sets that were embedded.",
    "search": "Which stored tasks are near, how far, and which model to start from.",
    "models": "The zoo of starting models.",
    "outcomes": "What fine-tuning gave.",
    "bundles": "What is known of tasks, shared without an image.",
    "datasets": "Uploaded images, kept for a while.",
    "jobs": "Work that takes long.",
    "batches": "Many embeddings under one id.",
    "probes": "The networks that tasks are embedded with.",
    "map": "A picture of the task space.",
    "keys": "What a key opens.",
    "workers": "What worker processes call.",
    "health": "Whether the server is well.",
}

# They come in forms and streams, so that no endpoint names them.
_SCHEMAS = (NewRemoteDataset, Findings, JobEvent, Problem)

_SECURITY = "key"
_METHODS = {"get", "head", "post", "patch", "delete", "put"}
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")

_REQUEST_ID = {
    "description": "The request's id: as it was sent, or made.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
}
_RETRY_AFTER = {
    "description": "Seconds to wait before trying again.",
    "schema": {"type": "integer", "minimum": 1},
}
#: Makes many things, which have no one place.
_MANY_MADE = "/v1/outcomes"
_LOCATION = {"description": "Where it is.", "schema": {"type": "string"}}
_ETAG = {"description": "Its version, for If-Match.", "schema": {"type": "string"}}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat the request with the same key, and it is done once; use a new key, such "
    "as a random UUID, for every other request.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_REQUEST_TIMEOUT = {
    "name": "Request-Timeout",
    "in": "header",
    "required": False,
    "description": "Seconds after which no answer is waited for: 504.",
    "schema": {"type": "number", "minimum": SHORTEST, "maximum": LONGEST},
    "example": 10,
}


def install(app: FastAPI) -> None:
    """Let the app describe itself with problems, keys, common headers and examples."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="Which known tasks does a labelled image set resemble?",
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    for model in _SCHEMAS:
        _add_schema(schemas, model)
    for name, example in (examples := _examples()).items():
        schemas[name]["examples"] = [example]
    components["securitySchemes"] = {
        _SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "description": "A key that `task2vec keys create` made. A server that listens on its "
            "own machine only asks for none until it has some.",
        }
    }
    for path, method, operation in _operations(document):
        _complete(operation, path=path, method=method)
        _show(operation, examples)
    return document


def _examples() -> dict[str, Any]:
    """Return an example of each message, as a server gave it in answer to another."""
    text = resources.files("task2vec_api").joinpath("examples.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _show(operation: dict[str, Any], examples: Mapping[str, Any]) -> None:
    # FastAPI would leave out the nulls of an example, without which it is none.
    described = [*operation["responses"].values(), operation.get("requestBody", {})]
    for content in (media for one in described for media in one.get("content", {}).values()):
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name in examples:
            content["example"] = examples[name]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, method, operation


def _complete(operation: dict[str, Any], *, path: str, method: str) -> None:
    responses = operation["responses"]
    public = path in PUBLIC
    if not public:
        operation["security"] = [{_SECURITY: []}]
        for status in COMMON_ERRORS:
            responses.setdefault(str(status), {})
        operation.setdefault("parameters", []).append(_REQUEST_TIMEOUT)
        if method == "post":
            if not path.startswith(WORKERS):
                operation["parameters"].append(_IDEMPOTENCY_KEY)
            responses.setdefault("409", {})
    for parameter in operation.get("parameters", ()):
        _without_null(parameter["schema"])
    for status, response in list(responses.items()):
        if int(status) >= 400 and not public:
            responses[status] = _problem(int(status))
        if links := _links(operation, status, response):
            response["links"] = links
        _add_headers(response if int(status) < 400 else responses[status], int(status), method)
    if path == _MANY_MADE and method == "post":
        del responses["201"]["headers"]["Location"]
    operation["responses"] = dict(sorted(responses.items()))


#: What leads on from a message: the list and the parameter that hold its id, the operations that
#: take it there, and those that take it in their body. Programs walk so from one to the next.
_LEADS_TO = {
    "Task": (
        *("tasks", "task"),
        ("get_task", "get_embedding", "get_neighbours", "get_thumbnail", "delete_task"),
        ("search",),
    ),
    "Job": ("jobs", "job", ("get_job", "follow_job", "cancel_job"), ()),
    "Batch": ("batches", "batch", ("get_batch", "list_items", "add_items", "cancel_batch"), ()),
    "Dataset": (
        *("datasets", "dataset"),
        ("get_dataset", "get_content", "delete_dataset"),
        ("embed_dataset", "search"),
    ),
    "Model": ("models", "model", ("get_model", "edit_model", "delete_model"), ()),
    "Outcome": ("outcomes", "outcome", ("get_outcome", "delete_outcome"), ()),
}
#: Answers that are about what was there already, and lead on all the same.
_FURTHER = {"cancel_job": ("job", "retry_job")}


def _links(operation: dict[str, Any], status: str, response: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer leads to, by name: of what it made, or of the first of a list."""
    name, body = operation["operationId"], "$response.body#/"
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    message = schema.get("$ref", "").rpartition("/")[2]
    parameters, links = operation.get("parameters", []), list[dict[str, Any]]()
    if message == "Lease":
        fenced = {"parameters": {"job": f"{body}job"}, "requestBody": {"fence": f"{body}fence"}}
        links = [{"operationId": to, **fenced} for to in ("beat", "fail_job", "release_job")]
    elif name in _FURTHER:
        parameter, to = _FURTHER[name]
        links = [{"operationId": to, "parameters": {parameter: f"{body}id"}}]
    elif name.startswith("list_") or status != "200":
        page = message.endswith("Page")
        listed, parameter, by_id, by_body = _LEADS_TO.get(
            message.removesuffix("Page"), ("", "", (), ())
        )
        value = f"{body}{listed}/0/id" if page else f"{body}id"
        # What is there already is not for anybody to remove.
        by_id = tuple(to for to in by_id if status == "201" or not to.startswith("delete_"))
        links = [{"operationId": to, "parameters": {parameter: value}} for to in by_id]
        links += [{"operationId": to, "requestBody": {parameter: value}} for to in by_body]
        if page and status == "200" and not any(one["in"] == "path" for one in parameters):
            token = {"page_token": f"{body}next_page_token"}
            links.append({"operationId": name, "parameters": token})
    return {f"{name}_{status}_{link['operationId']}": link for link in links}


def _without_null(schema: dict[str, Any]) -> None:
    # What is optional can be left out: neither queries nor headers have a null.
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= {**kinds[0], **schema}


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": meaning_of(status),
        "content": {MEDIA_TYPE: {"schema": schema, "example": problem_example(status)}},
    }


def _add_headers(response: dict[str, Any], status: int, method: str) -> None:
    headers = response.setdefault("headers", {})
    headers["X-Request-ID"] = _REQUEST_ID
    if status in (429, 503):
        headers["Retry-After"] = _RETRY_AFTER
    if status in (201, 202):
        headers["Location"] = _LOCATION
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status == 304 or (method == "patch" and status == 200):
        headers["ETag"] = _ETAG


def _add_schema(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
