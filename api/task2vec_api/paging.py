"""Lists page by page: opaque tokens say where one goes on, bound to the list and its filters."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import Any

from pydantic import Field

from task2vec.errors import PageTokenError
from task2vec.messages.base import Question

_SEAL_BYTES = 16
# So that nobody else makes tokens: what a sealed one holds has the form that its list gave it. It
# is kept nowhere, so that no later version reads a place of another form.
_SECRET = secrets.token_bytes(32)


class PageQuestion(Question):
    """Which part of a list is wanted; a subclass for each list adds its filters."""

    page_size: int = Field(100, ge=1, le=1000, description="How many at most.", examples=[100])
    page_token: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        pattern="^[A-Za-z0-9_-]+$",
        description="The `next_page_token` of the page before.",
    )

    def place(self, *about: str) -> Any:
        """Return the place that the token was given for; None for the start.

        ``about`` is what else tells this list from others.

        Raises:
            PageTokenError: for a token that was made up or altered, or given out by another list,
                for other filters, or before the server was started.
        """
        if self.page_token is None:
            return None
        text = self.page_token.encode("ascii")
        try:
            raw = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raw = b""
        body = raw[_SEAL_BYTES:]
        if not hmac.compare_digest(raw[:_SEAL_BYTES], self._seal(body, about)):
            raise PageTokenError(
                "This page token cannot be used",
                expected="the next_page_token of a page of this list with the same filters",
                remedy="Begin again without `page_token`.",
            )
        return json.loads(body)

    def token(self, place: Any, *about: str) -> str | None:
        """Return the token for the page behind a place (JSON); None at the end."""
        if place is None:
            return None
        body = json.dumps(place, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._seal(body, about) + body).rstrip(b"=").decode()

    def _seal(self, body: bytes, about: tuple[str, ...]) -> bytes:
        filters = self.model_dump(mode="json", exclude={"page_size", "page_token"})
        text = json.dumps([type(self).__name__, *about, filters], sort_keys=True).encode()
        sealed = hashlib.blake2b(text + b"\0" + body, key=_SECRET, digest_size=_SEAL_BYTES)
        return sealed.digest()
