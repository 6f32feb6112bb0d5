"""Hooks of schemathesis: real identifiers and files, one key a request, and one more check.

``SCHEMA_NAMES`` names the JSON file with what `fuzzing.filling` made, ``SCHEMA_RUN`` is
a name for the run. Only requests that are meant to be taken are touched; what is meant to be
refused stays as it was generated. schemathesis gives the hooks their arguments, wanted or not.
"""

import json
import os
import random
import re
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.transport.requests import REQUESTS_TRANSPORT, multipart_serializer

_FILES = Path(os.environ["SCHEMA_NAMES"])
_NAMES: dict[str, list[str]] = json.loads(_FILES.read_text(encoding="utf-8"))
_RUN = os.environ["SCHEMA_RUN"]
_ARCHIVE = _FILES.with_name("archive.zip").read_bytes()
_VECTOR = _FILES.with_name("vector.npz").read_bytes()
_PICTURE = _FILES.with_name("picture.png").read_bytes()
_CHANCE = random.Random(1)
# The rest keeps the generated name, which nothing has.
_REAL = 0.9
_SMALL = {"images": 6, "draws": 1, "epochs": 1, "patience": 1}
_ID = re.compile(r"(tsk|mdl|dst|job|bat|out)_[0-9a-f]{16}")
_OF_BODIES = {
    **{"task": "task", "dataset": "dataset", "probe": "probe"},
    **{"model": "model", "start": "model", "ref": "ref"},
}
_OF_QUERIES = {name: name for name in ("task", "model", "batch", "tag", "probe")}
# The first look-up of a model and the first map take seconds: timm and UMAP are loaded for them.
# So do ten thousand items at once.
_SLOW = ("/v1/models", "/v1/map", "/v1/batches", "/v1/batches/{batch}/items")
_sent = 0

# What a well-formed request may still be refused for with 422: that something else than its form
# is wrong, which no schema can tell. First by codes of their own, then by what is said.
_CONTENT_CODES = {
    "bad_source",
    "bad_weights",
    "bad_page_token",
    "refused_address",
    "not_comparable",
}
_CONTENT = tuple(
    re.compile(pattern)
    for pattern in (
        r"There is nothing to draw",  # no task has the tag
        r"No task has that many classes",  # min_classes above max_classes
        r"has no asymmetric distance",  # and the centred geometry was asked for
        r"Too few tasks are stored",  # their mean would mean nothing
        r"No starting model passes the limits",
        r"This file is no embedding",
        r"This file is no bundle",
        r"Model '.*' has no classes of its own",  # a plain one cannot classify
        r"This name cannot be used",  # it looks like an id
        r"This is no moment",  # the year 0, or a leap second
        r"Job .* measures nothing",  # one of another kind
    )
)

schemathesis.openapi.format("binary", st.sampled_from([_ARCHIVE, _VECTOR, _PICTURE, b"", b"x"]))


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Let the examples of the document name what the store holds."""
    for item in raw_schema["paths"].values():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                _show(parameter, spare=method in ("delete", "patch"))
    for schema in raw_schema["components"]["schemas"].values():
        for example in schema.get("examples", ()):
            _make_real(example)
    for item in raw_schema["paths"].values():
        for operation in item.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                _make_real(media.get("example"))


def _show(parameter: dict[str, Any], *, spare: bool) -> None:
    name, place = parameter["name"], parameter["in"]
    known = (_NAMES.get(f"spare_{name}") if spare else None) or _NAMES.get(name)
    value: Any = None
    if place == "path" and known:
        value = known[0]
    elif place == "query" and name in _OF_QUERIES:
        value = _NAMES[_OF_QUERIES[name]][0]
    elif name.lower() == "prefer":
        value = "wait=1"
    elif name == "wait":
        value = 0.1
    if value is not None:
        parameter.pop("examples", None)
        parameter["schema"].pop("examples", None)
        parameter["example"] = value


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Name what there is, in requests that are meant to be taken."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    _own_key(case)
    if case.path in _SLOW and "Request-Timeout" in case.headers:
        # That 504 follows a wish for less is what was asked for.
        case.headers["Request-Timeout"] = "120"
    for name, value in dict(case.path_parameters or {}).items():
        if not _ID.fullmatch(str(value)) and value not in _NAMES.get(name, ()):
            case.path_parameters = {**case.path_parameters, name: _real(name, case.method, value)}
    _real_query(case)
    if "If-Match" in case.headers and _CHANCE.random() < _REAL:
        case.headers["If-Match"] = "*"
    if case.media_type == "application/json" and isinstance(case.body, dict):
        case.body = _make_real(case.body)


def _own_key(case: Any) -> None:
    global _sent
    if "Idempotency-Key" in case.headers:
        _sent += 1
        # No two alike, in this run or in the other one on the same server.
        case.headers["Idempotency-Key"] = f"{_RUN}.{_sent}.{case.headers['Idempotency-Key'][:200]}"


def _real(name: str, method: str, value: Any) -> Any:
    if _CHANCE.random() > _REAL:
        return value
    spare = _NAMES.get(f"spare_{name}")
    if method == "DELETE" and spare:
        return spare.pop()
    if method == "PATCH" and spare:
        return _CHANCE.choice(spare)
    return _CHANCE.choice(_NAMES.get(name, [value]))


def _real_query(case: Any) -> None:
    query = dict(case.query or {})
    for name, kind in _OF_QUERIES.items():
        if isinstance(query.get(name), str):
            query[name] = _real(kind, "GET", query[name])
    if case.meta.phase.name.value != "stateful" and _CHANCE.random() < _REAL:
        # Only the page before gives a token that can be used: links follow those.
        query.pop("page_token", None)
    if "wait" in query and _CHANCE.random() < _REAL:
        query["wait"] = min(float(query["wait"]), 0.5)
    if query != (case.query or {}):
        case.query = query


def _make_real(body: Any) -> Any:
    """Return a body whose references lead somewhere, and whose work is small."""
    if isinstance(body, list):
        return [_make_real(one) for one in body]
    if not isinstance(body, dict):
        return body
    for name, value in body.items():
        # A bundle tells how many it has; a question names them.
        named = isinstance(value, list) and all(isinstance(one, str) for one in value)
        if name == "outcomes" and named:
            # Their ids, to be removed.
            body[name] = [_real("outcome", "DELETE", one) for one in value]
        elif isinstance(value, dict | list):
            body[name] = _make_real(value)
        elif name in _OF_BODIES and isinstance(value, str) and not _ID.fullmatch(value):
            body[name] = _real(_OF_BODIES[name], "POST", value)
        elif name in _SMALL and isinstance(value, int) and "accuracy" not in body:
            body[name] = _SMALL[name]
    return body


def _with_file_names(context: Any, value: Any) -> dict[str, Any]:
    """Send files with names, by which their kind is told."""
    prepared: dict[str, Any] = multipart_serializer(context, value)
    if not isinstance(value, dict) or not prepared.get("files"):
        return prepared
    files = []
    for number, (name, part) in enumerate(prepared["files"]):
        named = {
            **{"file": "letters.zip", "embedding": "task.npz"},
            "images": f"{('robin', 'wren')[number % 2]}/{number}.png",
        }
        if name in named and isinstance(part, tuple):
            part = (named[name], *part[1:])
        files.append((name, part))
    return {**prepared, "files": files}


REQUESTS_TRANSPORT.serializer("multipart/form-data")(_with_file_names)


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep every failure but one: a header that nobody knows is to be ignored (RFC 9110, 5.1)."""
    unknown = any(name.lower() == "x-schemathesis-unknown-property" for name in case.headers)
    return not (unknown and isinstance(failure, AcceptedNegativeData))


@schemathesis.check
def refused_for_content_only(ctx: Any, response: Any, case: Any) -> None:
    """A request that fits the schema may be refused for what it names, not for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code != 422 or case.method == "HEAD":
        return
    problem = response.json()
    # A field that does not fit another one is named in the answer.
    told = [field["problem"] for field in problem.get("fields") or ()] or [problem["detail"]]
    of_content = problem["code"] in _CONTENT_CODES or all(map(_is_of_content, told))
    assert of_content, f"refused for its form? {told}"


def _is_of_content(told: str) -> bool:
    return any(pattern.search(told) for pattern in _CONTENT)
