"""A bounded number of places, of which no caller keeps the others out."""

import asyncio
from collections import Counter, deque

from starlette.types import Scope

from task2vec.errors import OverloadedError


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
