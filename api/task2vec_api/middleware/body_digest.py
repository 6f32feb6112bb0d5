"""The digest of a body that streams by, whatever the boundary of its form."""

import hashlib

from python_multipart.multipart import parse_options_header
from starlette.types import Message, Receive

from task2vec_api.errors import MalformedError


class BodyDigest:
    """Hashes a body on its way to the application.

    Clients draw a new boundary to repeat a form. So what is hashed is the list of the pieces
    between the delimiters: a line break, two hyphens and the boundary (RFC 2046, section 5.1.1).
    """

    def __init__(self, receive: Receive, *, content_type: str) -> None:
        self._receive = receive
        _, options = parse_options_header(content_type)
        boundary = bytes(options.get(b"boundary", b""))
        self._delimiter = b"\r\n--" + boundary if boundary else b""
        self._pieces = hashlib.sha256()
        self._piece = hashlib.sha256()
        # The end of what came: a delimiter may have begun in it. The first one has no line before.
        self._tail = b"\r\n" if boundary else b""
        self.value: str | None = None
        """The digest in hexadecimal digits, None before the end of the body."""

    async def receive(self) -> Message:
        """Return the next message, hashed."""
        message = await self._receive()
        if message["type"] == "http.request" and self.value is None:
            self._add(message.get("body", b""))
            if not message.get("more_body", False):
                self._end()
        return message

    async def of_the_rest(self) -> str:
        """Read the body to its end, and return the digest.

        Raises:
            MalformedError: when the client left before the end.
        """
        while self.value is None:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise MalformedError("The body was cut off: the client has gone")
        return self.value

    def _add(self, data: bytes) -> None:
        if not self._delimiter:
            self._piece.update(data)
            return
        *whole, last = (self._tail + data).split(self._delimiter)
        for piece in whole:
            self._piece.update(piece)
            self._pieces.update(self._piece.digest())
            self._piece = hashlib.sha256()
        settled = max(0, len(last) - len(self._delimiter) + 1)
        self._piece.update(last[:settled])
        self._tail = last[settled:]

    def _end(self) -> None:
        self._piece.update(self._tail)
        self._pieces.update(self._piece.digest())
        self.value = self._pieces.hexdigest()
