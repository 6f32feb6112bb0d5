"""Lists page by page: opaque tokens say where one goes on, bound to the list and its filters."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query

from task2vec.errors import PageTokenError

PageSize = Annotated[int, Query(ge=1, le=1000, description="How many at most.", examples=[100])]
PageToken = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=2000,
        pattern="^[A-Za-z0-9_-]+$",
        description="The `next_page_token` of the page before.",
    ),
]
ThePageToken = Annotated[PageToken, Query(alias="page_token")]
"""For an endpoint: where to read on."""


class Listing:
    """The list ``name`` with these filters."""

    def __init__(self, name: str, /, **filters: Any) -> None:
        self._name = name
        self._filters = filters

    def place(self, token: str | None) -> Any:
        """Return the place that `token` was given; None for the start.

        Raises `PageTokenError` for the token of another list.
        """
        return read_page_token(token, listing=self._name, filters=self._filters)

    def token(self, place: Any) -> str | None:
        """Return the token for the page behind a place; None at the end."""
        if place is None:
            return None
        return page_token(place, listing=self._name, filters=self._filters)


def page_token(after: Any, *, listing: str, filters: Mapping[str, Any] | None = None) -> str:
    """Return the token of the page that begins behind ``after`` (JSON), in the list ``listing``."""
    body = json.dumps(after, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(body, listing, filters) + body).rstrip(b"=").decode()


def read_page_token(
    token: str | None, *, listing: str, filters: Mapping[str, Any] | None = None
) -> Any:
    """Return what `page_token` was given, None for no token.

    Raises:
        PageTokenError: for a token that was made up or altered, or given out by another list, for
            other filters, or before the server was started.
    """
    if token is None:
        return None
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except (ValueError, binascii.Error) as error:
        raise _refused() from error
    seal, body = raw[:_SEAL_BYTES], raw[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(body, listing, filters)):
        raise _refused()
    return json.loads(body)


_SEAL_BYTES = 16
# So that nobody else makes tokens: what a sealed one holds has the form that its list gave it. It
# is kept nowhere, so that no later version reads a place of another form.
_SECRET = secrets.token_bytes(32)


def _seal(body: bytes, listing: str, filters: Mapping[str, Any] | None) -> bytes:
    about = json.dumps([listing, dict(filters or {})], sort_keys=True, default=str).encode()
    sealed = hashlib.blake2b(about + b"\0" + body, key=_SECRET, digest_size=_SEAL_BYTES)
    return sealed.digest()


def _refused() -> PageTokenError:
    return PageTokenError(
        "This page token cannot be used",
        expected="the next_page_token of a page of this list with the same filters",
        remedy="Begin again without `page_token`.",
    )
