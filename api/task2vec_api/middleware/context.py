"""The layer that gives a request its id, measures and logs it, and lets no error through."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from task2vec.errors import OverloadedError, Task2VecError
from task2vec.service.problems import internal_problem
from task2vec_api.errors import answer, respond
from task2vec_api.logs import access_logger, current_request, logged_path, logger

_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")

Observer = Callable[[Scope, int, float], None]
"""Told of each request when it ends: its scope, the status and the seconds it took."""


class RequestContext:
    """Around everything but `Lingering`, which sends nothing of its own."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        begin: Callable[[], None],
        stopping: Callable[[], bool],
        observers: tuple[Observer, ...],
    ) -> None:
        self.app = app
        self._begin = begin
        self._stopping = stopping
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        token = current_request.set(request_id)
        self._begin()
        status = 0

        async def tell(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, tell)
        except Task2VecError as error:
            if status:
                logger.warning("answer cut off: %s", error)
                raise
            await respond(error, request_id=request_id)(scope, receive, tell)
        except asyncio.CancelledError:
            if not self._stopping():
                raise
            # The time to finish in is over; the client is told, where it can still be told.
            logger.warning("a request was cut off by the end of the server")
            if not status:
                await respond(_stops(), request_id=request_id)(scope, receive, tell)
        except Exception:
            logger.exception("unforeseen")
            if status:
                # What was begun cannot be taken back: the connection closes without an end.
                raise
            await answer(internal_problem(request_id))(scope, receive, tell)
        finally:
            seconds = time.perf_counter() - begun
            for observe in self._observers:
                observe(scope, status, seconds)
            current_request.reset(token)


def _stops() -> OverloadedError:
    return OverloadedError("The server stops", remedy="Try again when it runs again.")


def log_access(scope: Scope, status: int, seconds: float) -> None:
    """Log one line for a request, without its query, which may hold anything."""
    caller = scope["state"].get("caller")
    path = logged_path(scope["path"])
    access_logger.info(
        "%s %s %d",
        scope["method"],
        path,
        status,
        extra={
            "request_id": scope["state"]["request_id"],
            "method": scope["method"],
            "path": path,
            "status": status,
            "milliseconds": round(seconds * 1e3, 2),
            "key": getattr(caller, "key", None),
            "address": (scope.get("client") or [None])[0],
        },
    )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value.decode("ascii"))
    return new_request_id()


def new_request_id() -> str:
    """Return an id for a request that has none of its own."""
    return f"req_{secrets.token_hex(8)}"


_SECONDS, _SILENCE = 10.0, 1.0


class Lingering:
    """Goes on reading, for a while, what a client sends after a final answer.

    TCP resets a connection that is closed with data unread, and a reset takes away the answer that
    has arrived but was not read: a client that sends its whole body first would never see why it
    was refused. So what is still sent is thrown away, for 10 seconds at most, and only for as long
    as the client is never silent for a second.
    """

    def __init__(self, app: ASGIApp, *, stopping: Callable[[], bool]) -> None:
        self.app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        whole = closes = False
        end: Message | None = None

        async def take() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def give(message: Message) -> None:
            nonlocal closes, end
            if message["type"] == "http.response.start":
                closes = (b"connection", b"close") in message["headers"]
            elif closes and not whole and not message.get("more_body", False):
                # The answer is sent; only that it has ended is kept back.
                end = {"type": "http.response.body", "body": b""}
                message = {**message, "more_body": True}
            await send(message)

        await self.app(scope, take, give)
        if end is not None:
            clock = asyncio.get_running_loop().time
            until = clock() + _SECONDS
            # No `asyncio.timeout` around it: up to Python 3.11 `wait_for` may swallow what it ends.
            with suppress(TimeoutError):
                while not whole and not self._stopping():
                    await asyncio.wait_for(take(), min(_SILENCE, until - clock()))
            await send(end)
