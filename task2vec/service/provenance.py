"""Whether a provenance that somebody sent can be one: it is stored, and shown to others."""

import json
from math import isfinite
from typing import Any

from pydantic import TypeAdapter, ValidationError

from task2vec.errors import InputError
from task2vec.types import Provenance

_LONGEST_TEXT = 200
_MOST_CLASSES = 100_000
_MOST_VERSIONS = 100
_LARGEST_COUNT = 2**53

_FORM: TypeAdapter[Provenance] = TypeAdapter(Provenance)


def check_provenance(provenance: Provenance) -> None:
    """Raise `InputError`, saying what is expected, for a provenance that no embedder writes."""
    try:
        _FORM.validate_json(json.dumps(provenance.to_json()), strict=True)
    except (ValidationError, TypeError, ValueError) as error:
        raise _impossible("every field of its type", got=_first(error)) from error
    space = provenance.space
    if not 2 <= provenance.classes <= provenance.images <= _LARGEST_COUNT:
        raise _impossible("2 classes at least, with an image of each")
    if not all(0 <= count <= _LARGEST_COUNT for count in (provenance.draws, provenance.seed)):
        raise _impossible("draws and a seed of at least 0")
    if not all(isfinite(n) and n >= 0 for n in (space.head_penalty, space.prior_precision)):
        raise _impossible("a head penalty and a prior precision of at least 0")
    if len(provenance.class_names) != provenance.classes or provenance.classes > _MOST_CLASSES:
        raise _impossible(f"a name for each class, and at most {_MOST_CLASSES:,} classes")
    texts = (
        provenance.probe_name,
        provenance.estimator,
        provenance.content_hash,
        space.probe,
        space.estimator,
        *provenance.class_names,
        *provenance.versions,
        *provenance.versions.values(),
    )
    if not all(map(_is_text, texts)) or len(provenance.versions) > _MOST_VERSIONS:
        raise _impossible(f"texts of at most {_LONGEST_TEXT} printable characters")


def _is_text(text: str) -> bool:
    return text.isprintable() and len(text) <= _LONGEST_TEXT


def _first(error: Any) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"


def _impossible(expected: str, *, got: str | None = None) -> InputError:
    return InputError(
        "The provenance of this embedding cannot be",
        expected=expected,
        got=got,
        remedy="Export it anew with `task2vec export`.",
    )
