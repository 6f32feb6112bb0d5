"""The reference of the HTTP service, rendered from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any

from docs.markdown import anchor, table
from docs.openapi_schemas import Schemas, json_block, meaning

_METHODS = ("get", "head", "post", "put", "patch", "delete")

Operation = Mapping[str, Any]


def openapi_page(document: Mapping[str, Any]) -> str:
    """Return the operations by tag, then the schemas, as Markdown without a title."""
    schemas = Schemas(document)
    groups: dict[str, list[tuple[str, Operation]]] = {}
    for heading, operation in operations(document):
        tag = next(iter(operation.get("tags", ())), "other")
        groups.setdefault(tag, []).append((heading, operation))
    parts = ["## All operations"]
    rows = [
        (f"[{heading}](#{anchor(heading)})", operation.get("summary", ""))
        for group in groups.values()
        for heading, operation in group
    ]
    parts.append(table(("operation", "does"), rows))
    for tag, group in groups.items():
        # Not the bare tag: a schema may be called the same.
        parts.append(f"## Routes: {tag}")
        parts.extend(_section(heading, operation, schemas) for heading, operation in group)
    return "\n\n".join([*parts, "## Schemas", *schemas.sections()]) + "\n"


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Yield each operation under its heading, such as ``GET /v1/tasks``."""
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in _METHODS:
            if operation := item.get(method):
                own = operation.get("parameters", [])
                yield f"{method.upper()} {path}", {**operation, "parameters": [*shared, *own]}


def _section(heading: str, operation: Operation, schemas: Schemas) -> str:
    told = [operation.get("summary", ""), operation.get("description", "")]
    parts = [f"### {heading}", *_sentences(told)]
    if operation["parameters"]:
        parts.append(_parameters(operation["parameters"], schemas))
    if body := operation.get("requestBody"):
        parts.extend(_body(body, schemas))
    parts.append(_answers(operation["responses"], schemas))
    parts.extend(_answer_example(operation["responses"]))
    return "\n\n".join(filter(None, parts))


def _sentences(told: list[str]) -> Iterator[str]:
    for text in dict.fromkeys(text.strip() for text in told if text.strip()):
        yield text if text[-1] in ".:!?`" else f"{text}."


def _parameters(parameters: list[Any], schemas: Schemas) -> str:
    rows = []
    for found in parameters:
        schema = found.get("schema", {})
        told = {**schema, "description": found.get("description", schema.get("description", ""))}
        needed = "required" if found.get("required") else _shown(schema.get("default"))
        rows.append(
            (f"`{found['name']}`", found["in"], schemas.type_of(schema), needed, meaning(told))
        )
    return table(("parameter", "in", "type", "default", "meaning"), rows)


def _shown(value: Any) -> str:
    return "" if value in (None, []) else f"`{str(value).lower()}`"


def _body(body: Mapping[str, Any], schemas: Schemas) -> Iterator[str]:
    for media_type, content in body["content"].items():
        schema = content.get("schema", {})
        yield f"Body, `{media_type}`: {schemas.type_of(schema)}"
        # A form has no name that a reader would look up.
        if media_type.startswith("multipart/"):
            yield schemas.fields(schema)
        if (example := _example(content, schemas)) is not None:
            yield json_block(example)


def _answers(responses: Mapping[str, Any], schemas: Schemas) -> str:
    rows = []
    for status, found in responses.items():
        kinds = [
            f"{schemas.type_of(content.get('schema', {}))} as `{media_type}`"
            for media_type, content in found.get("content", {}).items()
        ]
        rows.append((status, found.get("description", ""), "; ".join(kinds)))
    return table(("status", "meaning", "body"), rows)


def _answer_example(responses: Mapping[str, Any]) -> Iterator[str]:
    for status, found in responses.items():
        if status.startswith("2") and (content := found.get("content", {}).get("application/json")):
            # Schemas show their own example where they are described.
            example = content.get("example", _first(content.get("examples")))
            if example is not None:
                yield f"Answer {status}:"
                yield json_block(example)


def _example(content: Mapping[str, Any], schemas: Schemas) -> Any:
    found = content.get("example", _first(content.get("examples")))
    return schemas.example(content.get("schema", {})) if found is None else found


def _first(examples: Mapping[str, Any] | None) -> Any:
    return next((one.get("value") for one in (examples or {}).values()), None)
