"""Takes the body of a request: neither more than allowed, nor slower."""

import asyncio
import time
from typing import TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from task2vec.errors import Task2VecError, TooLargeError
from task2vec_api.access import locks_of
from task2vec_api.errors import SlowClientError
from task2vec_api.middleware.headers import header, is_upload
from task2vec_api.route_lookup import route_of
from task2vec_api.settings import Settings

_Error = TypeVar("_Error", bound=Task2VecError)

# A batch of 10,000 sources with tags has 20,000. Parsed, an object takes up to 230 bytes of memory,
# and 3 of the body.
_MOST_PARTS = 50_000


class Bodies:
    """Reads small bodies whole before anything else begins, and watches over uploads.

    A small body is in the request's state as ``body``. So a slow client occupies no place at the
    gate, and what comes behind can read the body as often as it likes.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _has_body(scope):
            _check_access(scope)
        settings = self._settings
        upload = is_upload(scope)
        body = _Body(
            scope,
            receive,
            most=settings.upload_bytes if upload else settings.body_bytes,
            seconds=settings.body_seconds,
            pace=settings.upload_bytes_per_second,
        )
        body.check_announced()
        if not upload:
            content = await body.read() if _has_body(scope) else b""
            if content is None:
                return
            _check_parts(content)
            scope["state"]["body"] = content
            await self.app(scope, _again(content, receive), send)
            return
        await self.app(scope, body.receive, send)


class _Body:
    def __init__(
        self, scope: Scope, receive: Receive, *, most: int, seconds: float, pace: int
    ) -> None:
        self._state = scope["state"]
        self._announced = header(scope, b"content-length")
        self._receive = receive
        self._most = most
        self._seconds = seconds
        self._pace = pace
        self._begun = time.monotonic()
        self._received = 0
        self._whole = False

    def check_announced(self) -> None:
        if self._announced is not None and int(self._announced or 0) > self._most:
            raise self._too_large()

    async def receive(self) -> Message:
        if self._whole:
            # Whether the client is still there: it may take its time to leave.
            return await self._receive()
        left = self._begun + self._seconds + self._received / self._pace - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                message = await self._receive()
        except TimeoutError as error:
            raise self._note(
                SlowClientError(
                    "The body did not come in time",
                    expected=f"{self._pace} bytes per second and {self._seconds:g} s in all",
                    got=f"{self._received} bytes in {time.monotonic() - self._begun:.1f} s",
                )
            ) from error
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._received > self._most:
                raise self._too_large()
        return message

    async def read(self) -> bytes | None:
        """Return the body; None when the client left before its end."""
        parts = []
        while not self._whole:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
        return b"".join(parts)

    def _too_large(self) -> TooLargeError:
        return self._note(
            TooLargeError(
                "The body is too large",
                expected=f"at most {self._most} bytes",
                got=f"{self._announced or f'more than {self._most}'} bytes",
            )
        )

    def _note(self, error: _Error) -> _Error:
        # For what takes every error while it reads for a malformed body.
        self._state["body_error"] = error
        return error


def _check_parts(content: bytes) -> None:
    parts = content.count(b"{") + content.count(b"[")
    if parts > _MOST_PARTS:
        raise TooLargeError(
            "The body has more lists and objects than any request",
            expected=f"at most {_MOST_PARTS:,}",
            got=f"{parts:,}",
            remedy="Send it in several requests.",
        )


def _check_access(scope: Scope) -> None:
    """Raise `NotAllowedError` before anything is read from somebody who may not send it."""
    route = route_of(scope["app"], scope["method"], scope["path"])
    if route is None:
        return
    for lock in locks_of(route.dependant):
        # So that the logs name it.
        scope["route"] = route.original_route
        lock.check(scope["state"])


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _again(content: bytes, receive: Receive) -> Receive:
    sent = False

    async def give() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": content, "more_body": False}

    return give
