"""Whose file is parsed next: one at a time for each caller, few in all."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from task2vec.errors import OverloadedError
from task2vec_api.access import Caller
from task2vec_api.errors import RateLimitedError
from task2vec_api.settings import Settings

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
