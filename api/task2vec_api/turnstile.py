"""A bounded number of places, of which no caller keeps the others out."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Scope

from task2vec.errors import OverloadedError
from task2vec_api.access import Caller
from task2vec_api.errors import RateLimitedError
from task2vec_api.settings import Settings


def caller_of(scope: Scope) -> str:
    """Return the key of a request, or the address that it came from without one."""
    caller = scope.get("state", {}).get("caller")
    key: str | None = getattr(caller, "key", None)
    return key or str((scope.get("client") or ("",))[0])


# So many callers find a place although others hold all, on a machine with few processors too.
_FIRST = 8


class Turnstile:
    """At most ``places`` at once, and ``queued`` more that wait up to ``seconds`` for one.

    A caller with no request inside finds as many more, at least 8. So one caller may use the whole
    machine while it is alone, and cannot shut out others, however long its requests take. A place
    that comes free goes to the waiting caller with the fewest requests inside. Where the queue is
    full, the last request of the caller with the most in it gives way to a caller with fewer.
    """

    def __init__(self, places: int, *, queued: int, seconds: float) -> None:
        self._places = places
        self._queued = queued
        self._seconds = seconds
        self._inside: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    async def enter(self, who: str) -> None:
        """Take a place for a caller.

        Raises:
            OverloadedError: when there is none, nor a place to wait for one, or none came free, or
                a caller with fewer requests took the place to wait.
        """
        if self._admits(who):
            self._inside[who] += 1
            return
        if len(self._waiting) >= self._queued:
            self._make_way(who)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = (who, turn)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                # The place came in the same moment.
                self.leave(who)
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
            if isinstance(error, TimeoutError):
                raise _overloaded() from error
            raise

    def leave(self, who: str) -> None:
        """Give a place back; it goes to the waiting caller with the fewest inside."""
        self._inside[who] -= 1
        if not self._inside[who]:
            del self._inside[who]
        admitted = [
            waiting
            for waiting in self._waiting
            if not waiting[1].done() and self._admits(waiting[0])
        ]
        if admitted:
            # Of equal ones `min` takes the first, which has waited longest.
            chosen = min(admitted, key=lambda waiting: self._inside[waiting[0]])
            self._waiting.remove(chosen)
            self._inside[chosen[0]] += 1
            chosen[1].set_result(None)

    def _make_way(self, who: str) -> None:
        """Send away a waiting request; raises `OverloadedError` where this caller has to go."""
        queue = [waiting for waiting in self._waiting if not waiting[1].done()]
        if len(queue) < self._queued:
            return
        counts = Counter(each for each, _ in queue)
        most = max(counts, key=counts.__getitem__, default=who)
        # With one fewer it still has as many as this caller gets.
        if counts[most] < counts[who] + 2:
            raise _overloaded()
        last = next(waiting for waiting in reversed(queue) if waiting[0] == most)
        self._waiting.remove(last)
        last[1].set_exception(_overloaded())

    def _admits(self, who: str) -> bool:
        first = 0 if self._inside[who] else max(self._places, _FIRST)
        return self._inside.total() < self._places + first


def _overloaded() -> OverloadedError:
    return OverloadedError(
        "The server has as much to do as it can", remedy="Try again when Retry-After is over."
    )


_REMEDY = "Wait as long as Retry-After says, and send the file again."


class ParsingTurns:
    """Lets each caller have one file parsed at a time, and ``settings.parsers`` files in all."""

    def __init__(self, settings: Settings) -> None:
        self._places = asyncio.Semaphore(settings.parsers)
        self._seconds = settings.parser_wait_seconds
        self._own: dict[str, asyncio.Lock] = {}
        self._interested: Counter[str] = Counter()

    @asynccontextmanager
    async def take(self, caller: Caller) -> AsyncIterator[None]:
        """Wait for a turn, and hold it.

        Raises:
            RateLimitedError: when the caller's other files took too long.
            OverloadedError: when those of others did.
        """
        who = caller.key or ""
        until = time.monotonic() + self._seconds
        own = self._own.setdefault(who, asyncio.Lock())
        self._interested[who] += 1
        try:
            async with (
                _acquired(own, until, self._busy_with_own()),
                _acquired(self._places, until, self._busy_with_others()),
            ):
                yield
        finally:
            self._interested[who] -= 1
            if not self._interested[who]:
                del self._interested[who], self._own[who]

    def _busy_with_own(self) -> OverloadedError:
        return RateLimitedError(
            "Another file of this key is still being read",
            expected=f"one file at a time, each within {self._seconds:g} s",
            remedy=_REMEDY,
        )

    def _busy_with_others(self) -> OverloadedError:
        return OverloadedError("The server reads as many files as it can", remedy=_REMEDY)


@asynccontextmanager
async def _acquired(
    place: asyncio.Lock | asyncio.Semaphore, until: float, late: OverloadedError
) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(max(until - time.monotonic(), 0.0)):
            await place.acquire()
    except TimeoutError:
        raise late from None
    try:
        yield
    finally:
        place.release()
