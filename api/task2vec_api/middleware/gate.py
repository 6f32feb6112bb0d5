"""Takes on no more than can be done: what comes above that is told at once."""

import asyncio
import re
from collections import deque

from starlette.types import ASGIApp, Receive, Scope, Send

from task2vec.errors import OverloadedError
from task2vec_api.middleware.headers import is_upload, wish
from task2vec_api.settings import Settings

_UNCOUNTED = frozenset({"/livez", "/readyz", "/metrics"})
_LONG = re.compile(
    r"/v1/(leases.*|jobs/[^/]+/events|datasets/[^/]+/content|models/[^/]+/checkpoint"
    r"|batches/[^/]+/items)"
)


# What keeps a processor busy from its beginning to its end.
_COMPUTING = re.compile(r"/v1/(search|distances|recommendations|map|tasks/[^/]+/neighbours)")


def takes_long(scope: Scope) -> bool:
    """Whether a request lasts for reasons other than work: it streams, or waits on purpose."""
    streams = is_upload(scope) or _LONG.fullmatch(scope["path"]) is not None
    return streams or wish(scope, "wait") is not None


class Gate:
    """Lets a bounded number of requests through at once, others after a short wait or never.

    Those that compute have places of their own, as many as there are processors: with more at
    once each would only be slower, and whoever wants to know of a job must not wait for them.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._short = Turnstile(
            settings.places,
            queued=settings.queued_requests,
            seconds=settings.queue_seconds,
        )
        self._computing = Turnstile(
            settings.computing_places,
            queued=settings.queued_requests,
            seconds=settings.queue_seconds,
        )
        self._long = Turnstile(settings.long_requests, queued=0, seconds=0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in _UNCOUNTED:
            await self.app(scope, receive, send)
            return
        turnstile = self._turnstile(scope)
        await turnstile.enter()
        try:
            await self.app(scope, receive, send)
        finally:
            turnstile.leave()

    def _turnstile(self, scope: Scope) -> "Turnstile":
        if takes_long(scope):
            return self._long
        return self._computing if _COMPUTING.fullmatch(scope["path"]) else self._short


class Turnstile:
    """At most ``places`` at once, and ``queued`` more that wait up to ``seconds`` for one."""

    def __init__(self, places: int, *, queued: int, seconds: float) -> None:
        self._free = places
        self._queued = queued
        self._seconds = seconds
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a place.

        Raises:
            OverloadedError: when there is none, nor a place to wait for one, or none came free.
        """
        if self._free:
            self._free -= 1
            return
        if len(self._waiting) >= self._queued:
            raise _overloaded()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # The place came in the same moment.
                self.leave()
            elif turn in self._waiting:
                self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise _overloaded() from error
            raise

    def leave(self) -> None:
        """Hand the place to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


def _overloaded() -> OverloadedError:
    return OverloadedError(
        "The server has as much to do as it can", remedy="Try again when Retry-After is over."
    )
