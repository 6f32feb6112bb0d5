"""The OpenAPI document against a linter and against our own conventions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, TypeAdapter

import task2vec.messages as wire_package
from task2vec.service.workspace import Workspace
from task2vec_api import create_app
from task2vec_api.route_lookup import routes_of
from task2vec_api.settings import Settings

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_EVERYWHERE = {"401", "403", "422", "429", "500", "503", "504"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(Workspace(tmp_path_factory.mktemp("openapi")), Settings())


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def of_v1(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [found for found in operations(document) if found[1].startswith("/v1/")]


def messages() -> dict[str, type[BaseModel]]:
    from importlib import import_module

    found: dict[str, type[BaseModel]] = {}
    for file in Path(wire_package.__file__).parent.glob("*.py"):
        module = import_module(f"task2vec.messages.{file.stem}")
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, BaseModel):
                found[name] = value
    return found


def test_a_linter_finds_no_fault(document: dict[str, Any]) -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_described(app: FastAPI, document: dict[str, Any]) -> None:
    served = {
        (method, route.path)
        for route in routes_of(app)
        for method in route.methods or ()
        if route.path.startswith("/v1/")
    }
    assert {(method, path) for method, path, _ in of_v1(document)} == served
    assert len(served) >= 45


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    known = {tag["name"] for tag in document["tags"]}
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in of_v1(document):
        what = f"{method} {path}"
        assert re.fullmatch(r"[a-z0-9_]+", operation["operationId"]), what
        assert 3 <= len(operation["summary"]) <= 60, what
        assert operation["description"].strip().endswith("."), what
        assert operation["description"] != operation["summary"], what
        assert operation["tags"], what
        assert set(operation["tags"]) <= known, what
        assert operation["security"] == [{"key": []}], what
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{what} {parameter['name']}"


def test_every_error_is_a_problem(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "ValidationError" not in document["components"]["schemas"]
    for method, path, operation in of_v1(document):
        errors = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
        expected = set(_EVERYWHERE)
        if "{" in path:
            expected.add("404")
        if method == "POST":
            expected.add("409")
        # Data sets, outcomes and bundles never change: no version of them is asked for.
        changes = not any(kind in path for kind in ("datasets", "outcomes", "bundles"))
        if method in ("PATCH", "DELETE") and changes:
            expected |= {"409", "412"}
        if "requestBody" in operation:
            expected |= {"400", "413"}
        assert expected <= set(errors), f"{method} {path} lacks {expected - set(errors)}"
        for status, response in errors.items():
            content = response["content"]
            assert set(content) == {"application/problem+json"}, f"{method} {path} {status}"
            assert content["application/problem+json"]["schema"] == _PROBLEM
            assert content["application/problem+json"]["example"]["status"] == int(status)
            assert "X-Request-ID" in response["headers"]
            assert ("Retry-After" in response["headers"]) == (status in ("429", "503"))


def test_every_operation_has_an_example(document: dict[str, Any]) -> None:
    without = []
    for method, path, operation in of_v1(document):
        good = {s: r for s, r in operation["responses"].items() if int(s) < 300}
        for status, response in good.items():
            for media, content in response.get("content", {}).items():
                binary = content.get("schema", {}).get("format") == "binary"
                if not binary and media != "image/svg+xml" and "example" not in content:
                    without.append(f"{method} {path} {status} {media}")
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            if _example(document, content) is None:
                without.append(f"{method} {path} body {media}")
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and "example" not in parameter:
                named = parameter["schema"].get("examples") or parameter.get("examples")
                if not named:
                    without.append(f"{method} {path} {parameter['name']}")
    assert without == []


def test_every_example_is_what_it_is_an_example_of(document: dict[str, Any]) -> None:
    known = messages()
    checked = 0
    for method, path, operation in of_v1(document):
        contents = [r.get("content", {}) for r in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for media, content in (pair for found in contents for pair in found.items()):
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            example = _example(document, content)
            if name in known and example is not None:
                message = known[name].model_validate(example)
                dumped = message.model_dump(mode="json")
                assert set(example) <= set(dumped), f"{method} {path} {media}"
                checked += 1
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            TypeAdapter(known[name]).validate_python(example)
            checked += 1
    assert checked > 400


def _example(document: dict[str, Any], content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    examples = document["components"]["schemas"].get(name, {}).get("examples")
    return examples[0] if examples else None


def test_every_link_leads_somewhere(document: dict[str, Any]) -> None:
    known = {operation["operationId"]: operation for _, _, operation in operations(document)}
    followed = 0
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            for name, link in response.get("links", {}).items():
                parameters = known[link["operationId"]].get("parameters", [])
                assert set(link.get("parameters", ())) <= {one["name"] for one in parameters}, name
                followed += 1
    assert followed > 40
