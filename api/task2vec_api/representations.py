"""The forms of an answer: by Accept, by its version (ETag, If-Match, If-None-Match), by parts."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, MalformedRangeHeader, RangeNotSatisfiable, Response

from task2vec.errors import ChangedError
from task2vec_api.errors import MalformedError
from task2vec_api.responses import json_answer

IfMatch = Annotated[
    str | None,
    Header(max_length=2000, description="Go on only if the ETag is still one of these."),
]
Accept = Annotated[str | None, Header(include_in_schema=False)]
"""Which representation is wanted; OpenAPI says it by the answers."""

IfNoneMatch = Annotated[
    str | None, Header(max_length=2000, description="Answer 304 if the ETag is one of these.")
]


def etag_of(message: BaseModel) -> str:
    """Return the strong ETag, quotes included, of a message."""
    content = message.model_dump(mode="json")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return etag_of_bytes(text.encode())


def etag_of_bytes(content: bytes, *, coding: str = "") -> str:
    """Return the strong ETag, quotes included, of a content; its compressed form has another."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}{coding and f"-{coding}"}"'


def versioned(message: BaseModel, if_none_match: str | None = None) -> Response:
    """Return a message with its ETag, or 304 when an If-None-Match header names that."""
    etag = etag_of(message)
    return not_modified(if_none_match, etag) or json_answer(message, headers={"ETag": etag})


def check_if_match(if_match: str | None, message: BaseModel) -> None:
    """Raise `ChangedError` when an If-Match header names neither the message's ETag nor ``*``."""
    etag = etag_of(message)
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


def choose(accept: str | None, *offers: str) -> str:
    """Return the offer that an Accept header ranks highest, the first of equals.

    Raises `HTTPException` 406 when it admits none.
    """
    if accept is None or not accept.strip():
        return offers[0]
    best = max(offers, key=lambda offer: _quality(accept, offer))
    if _quality(accept, best) <= 0:
        raise HTTPException(406, f"Only {' and '.join(offers)} are given.")
    return best


def takes_gzip(accept_encoding: str | None) -> bool:
    """Return whether an Accept-Encoding header admits gzip; one that names nothing does not."""
    return _quality(accept_encoding or "", "gzip") > 0


def _quality(accept: str, offer: str) -> float:
    """Return how much an offer is wanted, by the most specific range that names it.

    An offer is a media type, or a content coding.
    """
    kind, slash, _ = offer.partition("/")
    ranked = {offer: 3, "*": 1} if not slash else {offer: 3, f"{kind}/*": 2, "*/*": 1}
    best = (0, 0.0)
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in ranked:
            best = max(best, (ranked[media], _q(parameters)))
    return best[1]


def _q(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class FileAnswer(FileResponse):
    """The bytes of a file.

    Raises `MalformedError` for a Range that is none, `HTTPException` 416 for one beyond the file.
    """

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> Any:
        # Starlette itself answers both in plain text.
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader as error:
            raise MalformedError(
                "The header Range cannot be understood",
                expected="bytes=FIRST-LAST, FIRST at most LAST",
                got=http_range[:100],
            ) from error
        except RangeNotSatisfiable as error:
            raise HTTPException(
                416,
                f"The file has {file_size:,} bytes, and none where Range says.",
                headers={"Content-Range": f"bytes */{file_size}"},
            ) from error
