"""How a client waits, for a server, for time, for work at the side: in a thread, or in a loop.

Both networks have the same coroutines, so that all else is written once. Those of a blocking one
never give way: what they are awaited for is there when they return.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from task2vec.client.methods import run
from task2vec.errors import UnreachableError

if TYPE_CHECKING:
    import httpx2
    from httpx2 import ServerSentEvent

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

Body = bytes | Callable[[], Iterator[bytes]] | None
"""What is sent: all at once, or in pieces from the beginning."""

_SIDE_THREADS = 16


class Running(Protocol[R_co]):
    """Work at the side."""

    def result(self) -> R_co:
        """Return what came of it, or raise; call it once it has ended."""
        ...


class BlockingNetwork:
    """Waits in the thread that asks; safe to use from several threads.

    ``transport`` replaces the network in tests.
    """

    asynchronous = False

    def __init__(self, transport: "httpx2.BaseTransport | None" = None) -> None:
        import httpx2

        self._client = httpx2.Client(transport=transport)
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    async def open(self, words: dict[str, Any], body: Body) -> "httpx2.Response":
        """Send a request in the words of httpx2; the response has not been read yet."""
        content = self._chunks(body) if callable(body) else body
        return self._client.send(self._client.build_request(**words, content=content), stream=True)

    async def read(self, response: "httpx2.Response") -> None:
        """Read a response to its end."""
        response.read()

    async def events(self, response: "httpx2.Response") -> "AsyncGenerator[ServerSentEvent, None]":
        """Yield the events of a response as they come."""
        import httpx2

        for event in httpx2.EventSource(response):
            yield event

    async def leave(self, response: "httpx2.Response") -> None:
        """Close a response."""
        response.close()

    async def sleep(self, seconds: float) -> None:
        """Do nothing for some seconds."""
        time.sleep(seconds)

    async def compute(self, function: Callable[[], R]) -> R:
        """Call a function that takes its time."""
        return function()

    def start(self, steps: Callable[[], Coroutine[Any, Any, R]]) -> "Future[R]":
        """Carry out a coroutine at the side."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_SIDE_THREADS, thread_name_prefix="task2vec")
        return self._threads.submit(lambda: run(steps()))

    async def first(self, running: Collection[Any], seconds: float) -> set[Any]:
        """Wait for the first to end; return all that have, none after some seconds."""
        done, _ = wait(running, timeout=seconds, return_when=FIRST_COMPLETED)
        return done

    async def close(self) -> None:
        """Close all connections, and let nothing at the side go on."""
        self._closed = True
        self._client.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _chunks(self, body: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
        for chunk in body():
            # An upload in a thread of its own would hold up the end of the program.
            if self._closed:
                raise UnreachableError("The client was closed during an upload")
            yield chunk


class AsyncNetwork:
    """Waits in an event loop, and lets it go on meanwhile; for one loop."""

    asynchronous = True

    def __init__(self, transport: "httpx2.AsyncBaseTransport | None" = None) -> None:
        import httpx2

        self._client = httpx2.AsyncClient(transport=transport)
        self._side: set[asyncio.Task[Any]] = set()

    async def open(self, words: dict[str, Any], body: Body) -> "httpx2.Response":
        """Send a request in the words of httpx2; the response has not been read yet."""
        content = _chunks_in_thread(body) if callable(body) else body
        request = self._client.build_request(**words, content=content)
        return await self._client.send(request, stream=True)

    async def read(self, response: "httpx2.Response") -> None:
        """Read a response to its end."""
        await response.aread()

    async def events(self, response: "httpx2.Response") -> "AsyncGenerator[ServerSentEvent, None]":
        """Yield the events of a response as they come."""
        import httpx2

        async for event in httpx2.EventSource(response):
            yield event

    async def leave(self, response: "httpx2.Response") -> None:
        """Close a response."""
        await response.aclose()

    async def sleep(self, seconds: float) -> None:
        """Do nothing for some seconds."""
        await asyncio.sleep(seconds)

    async def compute(self, function: Callable[[], R]) -> R:
        """Call a function that takes its time, in a thread."""
        return await asyncio.to_thread(function)

    def start(self, steps: Callable[[], Coroutine[Any, Any, R]]) -> "asyncio.Task[R]":
        """Carry out a coroutine at the side."""
        task = asyncio.ensure_future(steps())
        self._side.add(task)
        task.add_done_callback(self._side.discard)
        return task

    async def first(self, running: Collection[Any], seconds: float) -> set[Any]:
        """Wait for the first to end; return all that have, none after some seconds."""
        if not running:
            return set()
        done, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return done

    async def close(self) -> None:
        """Close all connections, and let nothing at the side go on."""
        for task in self._side:
            task.cancel()
        await asyncio.gather(*self._side, return_exceptions=True)
        await self._client.aclose()


Network = BlockingNetwork | AsyncNetwork


async def _chunks_in_thread(body: Callable[[], Iterator[bytes]]) -> AsyncIterator[bytes]:
    """Read from disk in a thread, so that the event loop stays free."""
    chunks = iter(body())
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        yield chunk
