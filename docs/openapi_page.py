"""The reference of the HTTP service, rendered from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

from docs.markdown import anchor, table
from docs.openapi_schemas import Schemas, json_block, meaning

_METHODS = ("get", "head", "post", "put", "patch", "delete")

Operation = Mapping[str, Any]


def openapi_page(document: Mapping[str, Any]) -> str:
    """Return the operations by tag, then the schemas, as Markdown without a title."""
    return _Page(document).text()


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Yield each operation under its heading, such as ``GET /v1/tasks``."""
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in _METHODS:
            if operation := item.get(method):
                own = operation.get("parameters", [])
                yield f"{method.upper()} {path}", {**operation, "parameters": [*shared, *own]}


class _Page:
    """A document, with what all of its operations have in common told once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas = Schemas(document)
        self._operations = list(operations(document))
        # Those at the root are few, and take no part in the conventions.
        api = [found for heading, found in self._operations if " /v1/" in heading]
        self._errors = _in_all([set(_errors(found)) for found in api])
        self._headers = _in_all([set(_headers(found)) for found in api])

    def text(self) -> str:
        groups: dict[str, list[tuple[str, Operation]]] = {}
        for heading, operation in self._operations:
            tag = next(iter(operation.get("tags", ())), "other")
            groups.setdefault(tag, []).append((heading, operation))
        rows = [
            (f"[{heading}](#{anchor(heading)})", operation.get("summary", ""))
            for group in groups.values()
            for heading, operation in group
        ]
        parts = ["## All operations", *self._common(), table(("operation", "does"), rows)]
        for tag, group in groups.items():
            # Not the bare tag: a schema may be called the same.
            parts.append(f"## Routes: {tag}")
            parts.extend(self._section(*found) for found in group)
        return "\n\n".join([*parts, "## Schemas", *self._schemas.sections()]) + "\n"

    def _common(self) -> Iterator[str]:
        if self._headers:
            named = ", ".join(f"`{name}`" for name in sorted(self._headers))
            yield f"Every operation below `/v1` takes the header {named}."
        if self._errors:
            yield (
                f"Every one of them may answer {', '.join(sorted(self._errors))} with a "
                "[Problem](#problem); its own table lists only what else it may."
            )

    def _section(self, heading: str, operation: Operation) -> str:
        told = [operation.get("summary", ""), operation.get("description", "")]
        parts = [f"### {heading}", *_sentences(told), self._parameters(operation["parameters"])]
        if body := operation.get("requestBody"):
            parts.extend(self._body(body))
        parts.append(self._answers(operation["responses"]))
        parts.extend(self._examples(operation["responses"]))
        return "\n\n".join(filter(None, parts))

    def _parameters(self, parameters: list[Any]) -> str:
        rows = []
        for found in parameters:
            if found["name"] in self._headers and found["in"] == "header":
                continue
            schema = found.get("schema", {})
            told = {**schema, "description": found.get("description", meaning(schema))}
            needed = "required" if found.get("required") else _shown(schema.get("default"))
            kind = self._schemas.type_of(schema)
            rows.append((f"`{_name(found)}`", found["in"], kind, needed, meaning(told)))
        return table(("parameter", "in", "type", "default", "meaning"), rows) if rows else ""

    def _body(self, body: Mapping[str, Any]) -> Iterator[str]:
        for media_type, content in body["content"].items():
            schema = content.get("schema", {})
            yield f"Body, `{media_type}`: {self._schemas.type_of(schema)}"
            # A form has no name that a reader would look up.
            if media_type.startswith("multipart/"):
                yield self._schemas.fields(schema)
            elif (example := _example(content) or self._schemas.example(schema)) is not None:
                yield json_block(example)

    def _answers(self, responses: Mapping[str, Any]) -> str:
        rows = []
        for status, found in responses.items():
            if status in self._errors:
                continue
            contents = found.get("content", {}).items()
            kinds = [
                f"{self._schemas.type_of(content['schema'])} as `{media_type}`"
                for media_type, content in contents
                if content.get("schema")
            ]
            rows.append((status, found.get("description", ""), "; ".join(kinds)))
        return table(("status", "meaning", "body"), rows)

    def _examples(self, responses: Mapping[str, Any]) -> Iterator[str]:
        for status, found in responses.items():
            content = found.get("content", {}).get("application/json", {})
            example = _example(content)
            # A schema shows its own example where it is described.
            own = self._schemas.example(content.get("schema", {}))
            if status.startswith("2") and example is not None and example != own:
                yield f"Answer {status}:"
                yield json_block(example)


def _in_all(sets: list[set[str]]) -> set[str]:
    return reduce(set.__and__, sets) if len(sets) > 1 else set()


def _errors(operation: Operation) -> Iterator[str]:
    return (status for status in operation["responses"] if status[0] in "45")


def _headers(operation: Operation) -> Iterator[str]:
    return (found["name"] for found in operation["parameters"] if found["in"] == "header")


def _name(parameter: Mapping[str, Any]) -> str:
    name = str(parameter["name"])
    # As the standards write it: If-None-Match.
    return name.title() if parameter["in"] == "header" and name.islower() else name


def _sentences(told: list[str]) -> Iterator[str]:
    for text in dict.fromkeys(text.strip() for text in told if text.strip()):
        yield text if text[-1] in ".:!?`" else f"{text}."


def _shown(value: Any) -> str:
    return "" if value in (None, []) else f"`{str(value).lower()}`"


def _example(content: Mapping[str, Any]) -> Any:
    examples: Mapping[str, Any] = content.get("examples") or {}
    first = next((one.get("value") for one in examples.values()), None)
    return content.get("example", first)
