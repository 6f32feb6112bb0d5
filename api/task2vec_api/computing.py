"""Work that keeps a processor busy: so much at once, and so much a minute for each key."""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from task2vec_api.access import Caller
from task2vec_api.errors import RateLimitedError
from task2vec_api.settings import Settings
from task2vec_api.turnstile import Turnstile, caller_of

P = ParamSpec("P")
T = TypeVar("T")


class Computing:
    """Runs what computes in a thread, as many at once as there are processors.

    More at once would only slow each other down.
    """

    def __init__(self, settings: Settings) -> None:
        self._turnstile = Turnstile(
            settings.computing_places,
            queued=settings.queued_requests,
            seconds=settings.queue_seconds,
        )
        self._spent = SpentTime(settings.key_computing_allowance)

    async def run(
        self, request: Request, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a function returns, and count its processor time for the caller.

        Raises:
            RateLimitedError: when the caller's key has used up its processor time.
            OverloadedError: when no place is free in time.
        """
        caller: Caller = request.scope["state"]["caller"]
        who = caller_of(request.scope)
        if caller.key is not None:
            self._spent.check(who)
        spent = 0.0

        def measured() -> T:
            nonlocal spent
            begun = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.thread_time() - begun

        await self._turnstile.enter(who)
        try:
            return await run_in_threadpool(measured)
        finally:
            self._turnstile.leave(who)
            self._spent.add(who, spent)


class SpentTime:
    """The processor time that callers have used, in memory: a restart forgives.

    A leaky bucket for each caller: ``allowed`` seconds drain in a minute, and a caller whose
    bucket holds more than that has to wait. What a request costs is known only afterwards, so the
    last one may overfill it.
    """

    def __init__(self, allowed: float) -> None:
        self._allowed = allowed
        self._levels: dict[str, tuple[float, float]] = {}

    def check(self, who: str) -> None:
        """Raise `RateLimitedError` for a caller who has used too much."""
        excess = self._level(who) - self._allowed
        if excess > 0:
            raise RateLimitedError(
                "This key has used up its processor time",
                expected=f"at most {self._allowed:g} s a minute for searches, distances, "
                "recommendations and maps",
                remedy="Wait as long as Retry-After says, and ask for fewer neighbours at a time.",
                retry_after=max(1.0, 60.0 * excess / self._allowed),
            )

    def add(self, who: str, seconds: float) -> None:
        """Count some seconds of a caller."""
        now = time.monotonic()
        if len(self._levels) > _MANY:
            self._levels = {each: at for each, at in self._levels.items() if self._level(each) > 0}
        self._levels[who] = (self._level(who) + seconds, now)

    def _level(self, who: str) -> float:
        level, then = self._levels.get(who, (0.0, 0.0))
        return max(0.0, level - (time.monotonic() - then) * self._allowed / 60.0)


# So many buckets are kept before those that are empty are thrown away.
_MANY = 1000
