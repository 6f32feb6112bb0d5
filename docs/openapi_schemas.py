"""The schemas of an OpenAPI document as Markdown: their types in words, their fields as tables."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docs.markdown import anchor, table
from task2vec.types.names import NAME_PATTERN, NEW_NAME_PATTERN

Schema = Mapping[str, Any]

_SHOWN = "printable, without a space at its ends"
_PATTERNS = {
    NAME_PATTERN: _SHOWN,
    NEW_NAME_PATTERN: f"{_SHOWN}, not `.`, `..` or an id, and not beginning with `mdl_`",
}
"""What some patterns mean, for people."""

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "pattern": "matches `{}`",
}
# "At least 1 characters" of a text that must not be empty reads oddly, and says little.
_USUAL = {("minLength", 1), ("minLength", 0), ("minItems", 0)}


class Schemas:
    """The named schemas of a document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._named: Mapping[str, Schema] = document.get("components", {}).get("schemas", {})

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._named))

    def resolve(self, schema: Schema) -> Schema:
        """Return what a reference points to, or the schema itself."""
        if reference := schema.get("$ref"):
            return self._named[_name(reference)]
        return schema

    def type_of(self, schema: Schema) -> str:
        """Return the type in words, with links to named schemas."""
        if reference := schema.get("$ref"):
            name = _name(reference)
            if self._named[name].get("type") != "object":
                return self.type_of(self._named[name])
            return f"[{name}](#{anchor(name)})"
        if "const" in schema:
            return f"`{json.dumps(schema['const'])}`"
        if "enum" in schema:
            return ", ".join(f"`{value}`" for value in schema["enum"])
        for several in ("anyOf", "oneOf"):
            if several in schema:
                kinds = [self.type_of(one) for one in schema[several]]
                # "or null" belongs at the end.
                kinds.sort(key=lambda kind: kind == "null")
                return " or ".join(dict.fromkeys(kinds))
        if "allOf" in schema:
            return " and ".join(self.type_of(one) for one in schema["allOf"])
        return self._plain(schema)

    def fields(self, schema: Schema) -> str:
        """Return the table of an object's fields, or "" where it has none; one for each kind."""
        found = self.resolve(schema)
        if "properties" not in found and "oneOf" in found:
            kinds = [f"{kind['title']}:\n\n{self.fields(kind)}" for kind in found["oneOf"]]
            return "\n\n".join(kinds)
        required = set(found.get("required", ()))
        rows = [
            (f"`{name}`", self.type_of(field), _default(field, name in required), meaning(field))
            for name, field in found.get("properties", {}).items()
        ]
        return table(("field", "type", "default", "meaning"), rows) if rows else ""

    def example(self, schema: Schema) -> Any:
        """Return the first example of a schema, or None."""
        found = self.resolve(schema)
        return next(iter(found.get("examples", ())), found.get("example"))

    def sections(self) -> Iterator[str]:
        """Yield a section for each named object: what it is, its fields, an example."""
        for name in self:
            schema = self._named[name]
            if schema.get("type") != "object":
                continue
            parts = [f"### {name}", schema.get("description", ""), self.fields(schema)]
            if (example := self.example(schema)) is not None:
                parts.append(json_block(example))
            yield "\n\n".join(filter(None, parts))

    def _plain(self, schema: Schema) -> str:
        kind = schema.get("type", "anything")
        if isinstance(kind, list):
            return " or ".join(self.type_of({**schema, "type": one}) for one in kind)
        if kind == "array":
            if fixed := schema.get("prefixItems"):
                return f"[{', '.join(self.type_of(one) for one in fixed)}]"
            return f"list of {self.type_of(schema.get('items', {}))}"
        if kind == "object" and isinstance(values := schema.get("additionalProperties"), Mapping):
            return f"object of {self.type_of(values)}" if values else "object"
        if schema.get("format") == "binary" or "contentMediaType" in schema:
            return "file"
        if form := schema.get("format"):
            return f"{kind} ({form})"
        return str(kind)


def meaning(schema: Schema) -> str:
    """Return what a field means, with its bounds."""
    told = str(schema.get("description", "")).strip()
    # Of an optional field the bounds lie in its first alternative.
    inner = schema
    if "anyOf" in schema and "type" in schema["anyOf"][0]:
        inner = {**schema["anyOf"][0], **schema}
    bounds = [
        _PATTERNS.get(inner[key]) or words.format(_plain_number(inner[key]))
        for key, words in _BOUNDS.items()
        if key in inner and (key, inner[key]) not in _USUAL and "prefixItems" not in inner
    ]
    sentence = ", ".join(bounds)
    sentence = f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""
    return f"{told} {sentence}".strip()


def json_block(value: Any) -> str:
    """Return a fenced block of JSON."""
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def _default(schema: Schema, required: bool) -> str:
    if required:
        return "required"
    value = schema.get("default")
    return "" if value in (None, [], {}) or isinstance(value, Mapping) else f"`{json.dumps(value)}`"


def _plain_number(value: Any) -> Any:
    # Bounds come as floats, also those of integers.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]
