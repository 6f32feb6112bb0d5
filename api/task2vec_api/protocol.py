"""HTTP/1.1 as uvicorn speaks it, with limits that apply before there is a request."""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from task2vec.messages.problems import Problem
from task2vec_api.errors import MEDIA_TYPE
from task2vec_api.middleware.context import new_request_id
from task2vec_api.settings import Settings


class LimitedHttp(HttpToolsProtocol):
    """Bounds the head of a request in size and time, and how long a client may not read.

    Make a subclass with the settings by `limited`; uvicorn makes the instances.
    """

    settings: Settings

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._in_head = True
        self._head_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._refusal: tuple[int, str] | None = None
        if len(self.connections) > self.settings.connections:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._cancel_head_timer()
        self._cancel_read_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and refuse a head that goes on and on."""
        if self._refusal is not None:
            return
        super().data_received(data)
        if self._in_head and self._refusal is None:
            self._head_bytes += len(data)
            self._await_head()
            if self._head_bytes > self.settings.header_bytes:
                self._refuse(431, "The head of the request is too large")

    def on_message_begin(self) -> None:
        """Begin another head."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """Let the request begin, unless its head is too large."""
        self._in_head = False
        self._head_bytes = 0
        self._cancel_head_timer()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.settings.header_bytes:
            self._refuse(431, "The head of the request is too large")
            return
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(400, msg.removesuffix("."))

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not read."""
        super().pause_writing()
        self._cancel_read_timer()
        self._read_timer = self.loop.call_later(self.settings.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        self._cancel_read_timer()
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.settings.header_seconds, self._head_late)

    def _head_late(self) -> None:
        self._head_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            # The head of the next request may wait until this one is answered.
            self._await_head()
        elif self.cycle is None or self._head_bytes:
            self._refuse(408, "The head of the request did not come in time")

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cancel_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _refuse(self, status: int, detail: str) -> None:
        """Answer with a problem, and close."""
        if self._refusal is not None or self.transport.is_closing():
            return
        self._refusal = (status, detail)
        self._cancel_head_timer()
        title = STATUS_LINE[status].split(b" ", 2)[2].strip().decode()
        code = title.lower().replace(" ", "_")
        request_id = new_request_id()
        problem = Problem(
            title=title, status=status, code=code, detail=f"{detail}.", request_id=request_id
        )
        body = json.dumps(problem.model_dump(mode="json", exclude_none=True)).encode()
        head = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()


def limited(settings: Settings) -> type[LimitedHttp]:
    """Return the protocol with these settings, for uvicorn to make instances of."""
    members: dict[str, Any] = {"settings": settings}
    return type("ConfiguredHttp", (LimitedHttp,), members)
