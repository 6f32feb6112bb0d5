"""Compressing answers for those that take them compressed."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from task2vec_api.middleware.headers import header
from task2vec_api.representations import takes_gzip

_ACCEPT_ENCODING = b"accept-encoding"


class Compression(GZipMiddleware):
    """Starlette's, which takes any header with the word gzip for a wish: gzip;q=0 refuses it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one that does not take gzip goes on without the header."""
        if scope["type"] == "http" and not takes_gzip(header(scope, _ACCEPT_ENCODING)):
            kept = [(name, value) for name, value in scope["headers"] if name != _ACCEPT_ENCODING]
            scope = {**scope, "headers": kept}
        await super().__call__(scope, receive, send)
