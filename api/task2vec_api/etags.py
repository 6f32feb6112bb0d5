"""Versions of what can change: ETag, If-Match, If-None-Match."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header
from starlette.responses import Response

from task2vec.errors import ChangedError

IfMatch = Annotated[
    str | None,
    Header(max_length=2000, description="Go on only if the ETag is still one of these."),
]
IfNoneMatch = Annotated[
    str | None, Header(max_length=2000, description="Answer 304 if the ETag is one of these.")
]


def etag_of(thing: Any) -> str:
    """Return the strong ETag, quotes included, of anything that has a JSON form."""
    text = json.dumps(thing, sort_keys=True, default=str, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def check_if_match(if_match: str | None, etag: str) -> None:
    """Raise `ChangedError` when an If-Match header names neither ``etag`` nor ``*``."""
    if if_match is None or _names(if_match, etag):
        return
    raise ChangedError(
        "It has changed since you read it",
        expected=f"If-Match: {etag}",
        got=if_match,
        remedy="Read it again, see what changed, and repeat with its new ETag.",
    )


def not_modified(if_none_match: str | None, etag: str) -> Response | None:
    """Return the answer 304 when an If-None-Match header names ``etag``, else None."""
    if if_none_match is None or not _names(if_none_match, etag, weak=True):
        return None
    return Response(status_code=304, headers={"ETag": etag})


def _names(header: str, etag: str, *, weak: bool = False) -> bool:
    tags = [tag.strip() for tag in header.split(",")]
    if weak:
        tags = [tag.removeprefix("W/") for tag in tags]
    return "*" in tags or etag in tags
