"""Finds out who calls."""

from starlette.types import ASGIApp, Receive, Scope, Send

from task2vec_api.access import ANYBODY


class Authentication:
    """Puts the `Caller` into the request's state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["state"]["caller"] = ANYBODY
        await self.app(scope, receive, send)
