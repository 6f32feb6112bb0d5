"""Finds out who calls, and holds each caller to what is allowed."""

from starlette.types import ASGIApp, Receive, Scope, Send

from task2vec.types import KeyRecord
from task2vec_api.access import PUBLIC, Caller
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.middleware.headers import header
from task2vec_api.rate_limit import RateLimit


class Authentication:
    """Puts the `Caller` into the request's state, or answers 401 or 429."""

    def __init__(self, app: ASGIApp, *, keys: KeyAuthentication, rate_limit: RateLimit) -> None:
        self.app = app
        self._keys = keys
        self._rate_limit = rate_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in PUBLIC:
            await self.app(scope, receive, send)
            return
        caller, key = self._keys.identify(header(scope, b"authorization"))
        scope["state"]["caller"] = caller
        if caller.own_worker:
            await self.app(scope, receive, send)
        else:
            await self._within_limits(caller, key, scope, receive, send)

    async def _within_limits(
        self, caller: Caller, key: KeyRecord | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        await self._rate_limit.spend(caller, key)
        with self._rate_limit.occupy(caller, key):
            await self.app(scope, receive, send)
