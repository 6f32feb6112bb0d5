"""How much each caller may ask for."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from task2vec.types import KeyRecord
from task2vec_api.access import Caller
from task2vec_api.errors import RateLimitedError
from task2vec_api.settings import Settings


class RateLimit:
    """Counts requests by caller, in memory: a restart forgives."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items: dict[int, RateLimitItemPerMinute] = {}
        self._under_way: Counter[str] = Counter()

    @asynccontextmanager
    async def admit(self, caller: Caller, key: KeyRecord | None) -> AsyncIterator[None]:
        """Count a request, and that it is under way.

        Raises:
            RateLimitedError: when the caller asked too often within a minute, or for too much at
                once.
        """
        settings, who = self._settings, caller.key or ""
        per_minute = settings.anonymous_requests_per_minute
        at_once = settings.anonymous_concurrent_requests
        if key is not None:
            per_minute = key.requests_per_minute or settings.key_requests_per_minute
            at_once = key.concurrent_requests or settings.key_concurrent_requests
        item = self._items.setdefault(per_minute, RateLimitItemPerMinute(per_minute))
        if not await self._limiter.hit(item, who):
            again, _ = await self._limiter.get_window_stats(item, who)
            raise RateLimitedError(
                f"{_whose(caller)} asks too often",
                expected=f"at most {per_minute} requests per minute",
                remedy="Wait as long as Retry-After says.",
                retry_after=max(again - time.time(), 1.0),
            )
        if self._under_way[who] >= at_once:
            raise RateLimitedError(
                f"{_whose(caller)} asks for too much at once",
                expected=f"at most {at_once} requests at a time",
                remedy="Wait for one to end.",
            )
        self._under_way[who] += 1
        try:
            yield
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]


def _whose(caller: Caller) -> str:
    return "This machine" if caller.key is None else "This key"
