"""Carries requests over HTTP in an event loop."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from task2vec.client.http import Address, answer_of, checked, failure, prepare
from task2vec.client.request import Answer, Body, Request
from task2vec.client.steps import Event

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True)
class _Ear:
    """An open stream of events."""

    request: Request[Any]
    response: "httpx2.Response"
    events: "AsyncIterator[httpx2.ServerSentEvent]"


class AsyncHttp:
    """One pool of connections to one server, for one event loop.

    ``transport`` replaces the network in tests.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        transport: "httpx2.AsyncBaseTransport | None" = None,
    ) -> None:
        import httpx2

        self.address = address
        self._timeout = checked(timeout)
        self._client = httpx2.AsyncClient(transport=transport)

    async def exchange(self, request: Request[Any]) -> Answer:
        """Send a request and read the whole answer; raises `ServiceError` where there is none."""
        response = await self._open(request)
        try:
            await response.aread()
            return answer_of(response)
        except _errors() as error:
            raise failure(error, self.address, request=request) from error
        finally:
            await response.aclose()

    async def listen(self, request: Request[Any]) -> _Ear | Answer:
        """Open a stream of events, or return the answer that refuses it."""
        import httpx2

        response = await self._open(request)
        if response.is_success:
            return _Ear(request, response, aiter(httpx2.EventSource(response)))
        try:
            await response.aread()
            return answer_of(response)
        except _errors() as error:
            raise failure(error, self.address, request=request) from error
        finally:
            await response.aclose()

    async def hear(self, ear: Any) -> Event | None:
        """Wait for the next event."""
        try:
            found = await anext(ear.events, None)
        except _errors() as error:
            raise failure(error, self.address, request=ear.request) from error
        return None if found is None else Event(found.id, found.data)

    async def leave(self, ear: Any) -> None:
        """Close a stream of events."""
        await ear.response.aclose()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _open(self, request: Request[Any]) -> "httpx2.Response":
        words = prepare(request, self.address, timeout=self._timeout)
        body = request.body
        content = body if body is None or isinstance(body, bytes) else _chunks(body)
        try:
            return await self._client.send(
                self._client.build_request(**words, content=content), stream=True
            )
        except _errors() as error:
            raise failure(error, self.address, request=request) from error


async def _chunks(body: Body) -> AsyncIterator[bytes]:
    """Read from disk in a thread, so that the event loop stays free."""
    chunks = iter(body.chunks())
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk


def _errors() -> "type[httpx2.HTTPError]":
    import httpx2

    return httpx2.HTTPError
