"""Carries requests over HTTP in the thread that asks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from task2vec.client.http import Address, answer_of, checked, failure, prepare
from task2vec.client.request import Answer, Body, Request
from task2vec.client.steps import Event
from task2vec.errors import UnreachableError

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True)
class _Ear:
    """An open stream of events."""

    request: Request[Any]
    response: "httpx2.Response"
    events: "Iterator[httpx2.ServerSentEvent]"


class BlockingHttp:
    """One pool of connections to one server; safe to use from several threads.

    ``transport`` replaces the network in tests.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout: float,
        transport: "httpx2.BaseTransport | None" = None,
    ) -> None:
        import httpx2

        self.address = address
        self._timeout = checked(timeout)
        self._client = httpx2.Client(transport=transport)
        self._closed = False

    def exchange(self, request: Request[Any]) -> Answer:
        """Send a request and read the whole answer; raises `ServiceError` where there is none."""
        response = self._open(request)
        try:
            response.read()
            return answer_of(response)
        except _errors() as error:
            raise failure(error, self.address, request=request) from error
        finally:
            response.close()

    def listen(self, request: Request[Any]) -> _Ear | Answer:
        """Open a stream of events, or return the answer that refuses it."""
        import httpx2

        response = self._open(request)
        if response.is_success:
            return _Ear(request, response, iter(httpx2.EventSource(response)))
        try:
            response.read()
            return answer_of(response)
        except _errors() as error:
            raise failure(error, self.address, request=request) from error
        finally:
            response.close()

    def hear(self, ear: Any) -> Event | None:
        """Wait for the next event."""
        try:
            found = next(ear.events, None)
        except _errors() as error:
            raise failure(error, self.address, request=ear.request) from error
        return None if found is None else Event(found.id, found.data)

    def leave(self, ear: Any) -> None:
        """Close a stream of events."""
        ear.response.close()

    def close(self) -> None:
        """Close all connections."""
        self._closed = True
        self._client.close()

    def _open(self, request: Request[Any]) -> "httpx2.Response":
        words = prepare(request, self.address, timeout=self._timeout)
        body = request.body
        content = body if body is None or isinstance(body, bytes) else self._chunks(body)
        try:
            return self._client.send(
                self._client.build_request(**words, content=content), stream=True
            )
        except _errors() as error:
            raise failure(error, self.address, request=request) from error

    def _chunks(self, body: Body) -> Iterator[bytes]:
        for chunk in body.chunks():
            # An upload in a thread of its own would hold up the end of the program.
            if self._closed:
                raise UnreachableError("The client was closed during an upload")
            yield chunk


def _errors() -> "type[httpx2.HTTPError]":
    import httpx2

    return httpx2.HTTPError
