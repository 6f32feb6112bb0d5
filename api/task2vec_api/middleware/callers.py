"""Finds out who calls, keeps web pages away where no key is asked for, and callers to limits."""

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from task2vec_api.access import PUBLIC
from task2vec_api.errors import RefusedOriginError
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.middleware.headers import check_heads, header
from task2vec_api.rate_limit import RateLimit
from task2vec_api.settings import Settings, is_loopback

_FORWARDED = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")


class Browsers:
    """Refuses what a page of somebody else may have made a browser on this machine send.

    A page can make its own name lead to this machine (DNS rebinding): so the Host must be a
    loopback name. It can post across sites without asking: so the Origin must be, too. And a
    proxy in front would lend this machine's trust to the world: so nothing may have been forwarded.
    Where keys are asked for none of this is needed, since no browser sends a key by itself.
    """

    def __init__(self, app: ASGIApp, *, keys: KeyAuthentication, settings: Settings) -> None:
        self.app = app
        self._keys = keys
        self._hosts = frozenset(name.lower() for name in settings.allowed_hosts)
        self._origins = frozenset(settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            check_heads(scope)
            self._check(scope)
        await self.app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        host = _name(f"//{header(scope, b'host') or ''}")
        if host not in self._hosts and (self._hosts or self._keys.open) and not is_loopback(host):
            raise RefusedOriginError(
                "This server does not answer to this name",
                expected="a Host header that names this machine, or one of allowed_hosts",
                got=host or "none",
            )
        if not self._keys.open:
            return
        if any(header(scope, name) is not None for name in _FORWARDED):
            raise RefusedOriginError(
                "This request was forwarded, and the server asks for no key",
                remedy="Behind a proxy, start it with `task2vec serve --behind-proxy`.",
            )
        origin = header(scope, b"origin")
        foreign = origin is not None and not is_loopback(_name(origin))
        across = header(scope, b"sec-fetch-site") in ("cross-site", "same-site")
        if (foreign or (across and origin is None)) and origin not in self._origins:
            raise RefusedOriginError(
                "Pages of other sites may not use a server that asks for no key",
                got=origin or "a request across sites",
                remedy="Make a key, or name the page's origin in cors_origins.",
            )


def _name(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


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
            return
        async with self._rate_limit.admit(caller, key):
            await self.app(scope, receive, send)
