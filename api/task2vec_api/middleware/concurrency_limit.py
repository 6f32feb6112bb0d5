"""Takes on no more than can be done, and no more than a share of it from one caller."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from task2vec_api.middleware.headers import is_upload, wish
from task2vec_api.settings import Settings
from task2vec_api.turnstile import Turnstile, caller_of

_UNCOUNTED = frozenset({"/livez", "/readyz", "/metrics"})
_WORKERS = re.compile(r"/v1/leases.*")
_LONG = re.compile(
    r"/v1/(jobs/[^/]+/events|datasets/[^/]+/content|models/[^/]+/checkpoint"
    r"|batches/[^/]+/items)"
)
# They wait inside for a place to compute (`task2vec_api.computing`) or for a job.
_COMPUTING = re.compile(r"/v1/(search|distances|recommendations|map|tasks/[^/]+/neighbours)")


def takes_long(scope: Scope) -> bool:
    """Whether a request lasts for reasons other than work: it streams, or waits on purpose."""
    path = scope["path"]
    streams = is_upload(scope) or _LONG.fullmatch(path) or _WORKERS.fullmatch(path)
    return bool(streams) or wish(scope, "wait") is not None


class ConcurrencyLimit:
    """Lets a bounded number of requests through at once, others after a short wait or never.

    Workers have places of their own: their leases must not wait for slow uploads.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._short = Turnstile(
            settings.places,
            queued=settings.queued_requests,
            seconds=settings.queue_seconds,
        )
        self._long = Turnstile(settings.long_requests, queued=0, seconds=0.0)
        self._workers = Turnstile(settings.long_requests, queued=0, seconds=0.0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in _UNCOUNTED:
            await self.app(scope, receive, send)
            return
        turnstile, who = self._turnstile(scope), caller_of(scope)
        await turnstile.enter(who)
        try:
            await self.app(scope, receive, send)
        finally:
            turnstile.leave(who)

    def _turnstile(self, scope: Scope) -> Turnstile:
        if _WORKERS.fullmatch(scope["path"]):
            return self._workers
        long = takes_long(scope) or _COMPUTING.fullmatch(scope["path"])
        return self._long if long else self._short
