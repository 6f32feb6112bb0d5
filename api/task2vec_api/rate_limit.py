"""How much each caller may ask for."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

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

    async def spend(self, caller: Caller, key: KeyRecord | None) -> None:
        """Count a request.

        Raises:
            RateLimitedError: when the caller asked too often within a minute.
        """
        allowed = self._per_minute(key)
        item = self._items.setdefault(allowed, RateLimitItemPerMinute(allowed))
        who = caller.key or ""
        if await self._limiter.hit(item, who):
            return
        again, _ = await self._limiter.get_window_stats(item, who)
        raise RateLimitedError(
            f"{_whose(caller)} asks too often",
            expected=f"at most {allowed} requests per minute",
            remedy="Wait as long as Retry-After says.",
            retry_after=max(again - time.time(), 1.0),
        )

    @contextmanager
    def occupy(self, caller: Caller, key: KeyRecord | None) -> Iterator[None]:
        """Count a request as under way.

        Raises:
            RateLimitedError: when too many of the caller's are already.
        """
        allowed, who = self._at_once(key), caller.key or ""
        if self._under_way[who] >= allowed:
            raise RateLimitedError(
                f"{_whose(caller)} asks for too much at once",
                expected=f"at most {allowed} requests at a time",
                remedy="Wait for one to end.",
            )
        self._under_way[who] += 1
        try:
            yield
        finally:
            self._under_way[who] -= 1
            if not self._under_way[who]:
                del self._under_way[who]

    def _per_minute(self, key: KeyRecord | None) -> int:
        if key is None:
            return self._settings.anonymous_requests_per_minute
        return key.requests_per_minute or self._settings.key_requests_per_minute

    def _at_once(self, key: KeyRecord | None) -> int:
        if key is None:
            return self._settings.anonymous_concurrent_requests
        return key.concurrent_requests or self._settings.key_concurrent_requests


def _whose(caller: Caller) -> str:
    return "This machine" if caller.key is None else "This key"
