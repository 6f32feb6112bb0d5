"""Lets a client that is still sending read the answer that ends its connection."""

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS, _SILENCE = 10.0, 1.0


class Lingering:
    """Goes on reading, for a while, what a client sends after a final answer.

    TCP resets a connection that is closed with data unread, and a reset takes away the answer that
    has arrived but was not read: a client that sends its whole body first would never see why it
    was refused. So what is still sent is thrown away, for 10 seconds at most, and only for as long
    as the client is never silent for a second.
    """

    def __init__(self, app: ASGIApp, *, stopping: Callable[[], bool]) -> None:
        self.app = app
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        whole = closes = False
        end: Message | None = None

        async def take() -> Message:
            nonlocal whole
            message = await receive()
            whole = whole or not message.get("more_body", False)
            return message

        async def give(message: Message) -> None:
            nonlocal closes, end
            if message["type"] == "http.response.start":
                closes = (b"connection", b"close") in message["headers"]
            elif closes and not whole and not message.get("more_body", False):
                # The answer is sent; only that it has ended is kept back.
                end = {"type": "http.response.body", "body": b""}
                message = {**message, "more_body": True}
            await send(message)

        await self.app(scope, take, give)
        if end is not None:
            try:
                async with asyncio.timeout(_SECONDS):
                    while not whole and not self._stopping():
                        await asyncio.wait_for(take(), _SILENCE)
            except TimeoutError:
                pass
            await send(end)
