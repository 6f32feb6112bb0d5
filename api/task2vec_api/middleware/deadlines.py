"""Answers 504 in time when the answer itself will be late."""

import asyncio
import math
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from task2vec.errors import DeadlineError, SettingError
from task2vec_api.errors import respond
from task2vec_api.middleware.concurrency_limit import takes_long
from task2vec_api.middleware.headers import header, wish
from task2vec_api.route_lookup import allowed_methods

SHORTEST, LONGEST = 1, 600
"""What a client may ask for, in seconds: in less, nothing that queues can be answered."""

_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{0,20})?")


class Deadlines:
    """Puts ``deadline`` (of `time.monotonic`) into the request's state, and keeps it.

    By then the answer must have begun. Work that has started in a thread cannot be stopped: it
    goes on, and keeps its place, but nobody waits for it.
    """

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self.app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seconds = self._allowed(scope)
        scope["state"]["deadline"] = time.monotonic() + seconds
        if seconds == math.inf:
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send, seconds)
        timer = asyncio.get_running_loop().call_later(seconds, answer.expire)
        try:
            await self.app(scope, receive, answer.send)
        finally:
            timer.cancel()
            if answer.late is not None:
                await answer.late

    def _allowed(self, scope: Scope) -> float:
        text = header(scope, b"request-timeout")
        if text is None:
            waits = wish(scope, "wait")
            if waits is not None:
                return max(self._seconds, min(waits, LONGEST) + 5.0)
            return math.inf if takes_long(scope) else self._seconds
        seconds = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not SHORTEST <= seconds <= LONGEST:
            if scope["method"] not in allowed_methods(scope["app"], scope["path"]):
                # That is said first.
                return self._seconds
            raise SettingError(
                "The header Request-Timeout",
                expected=f"{SHORTEST} to {LONGEST} seconds",
                got=text[:50],
            )
        return seconds


class _Answer:
    """Passes an answer on unless it is late."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._seconds = seconds
        self._begun = False
        self.late: asyncio.Task[None] | None = None

    async def send(self, message: Message) -> None:
        if self.late is None:
            self._begun = True
            await self._send(message)

    def expire(self) -> None:
        if not self._begun:
            self.late = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        error = DeadlineError(
            f"There is no answer after {self._seconds:g} s",
            remedy="What was asked for may still be done. Repeat a POST with the same "
            "Idempotency-Key to get its answer, or give it longer with Request-Timeout.",
        )
        response = respond(error, request_id=self._scope["state"]["request_id"])
        await response(self._scope, self._receive, self._send)
