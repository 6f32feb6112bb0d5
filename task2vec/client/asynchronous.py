"""Carries out steps in an event loop."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any, TypeVar

from task2vec.client.http_asynchronous import AsyncHttp
from task2vec.client.steps import (
    Await,
    Compute,
    Emit,
    Exchange,
    Hear,
    Leave,
    Listen,
    Sleep,
    Start,
    Step,
    Steps,
    Stream,
)

R = TypeVar("R")


class AsyncDriver:
    """Runs calls over a transport; what a call starts at the side becomes a task of the loop."""

    def __init__(self, transport: AsyncHttp) -> None:
        self._transport = transport
        self._side: set[asyncio.Task[Any]] = set()

    async def run(self, steps: Steps[R]) -> R:
        """Carry out a call and return its result."""
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as ended:
                result: R = ended.value
                return result
            value, error = None, None
            try:
                value = await self._perform(step)
            except BaseException as raised:
                error = raised

    async def iterate(self, steps: Stream[R]) -> AsyncIterator[R]:
        """Carry out a call as far as its items are asked for."""
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.send(value) if error is None else steps.throw(error)
            except StopIteration:
                return
            value, error = None, None
            try:
                if isinstance(step, Emit):
                    yield step.item
                else:
                    value = await self._perform(step)
            except BaseException as raised:
                error = raised

    async def close(self) -> None:
        """Close the connections, and let nothing at the side go on."""
        for task in self._side:
            task.cancel()
        await asyncio.gather(*self._side, return_exceptions=True)
        await self._transport.close()

    async def _perform(self, step: Step) -> Any:
        match step:
            case Exchange(request):
                return await self._transport.exchange(request)
            case Listen(request):
                return await self._transport.listen(request)
            case Hear(listener):
                return await self._transport.hear(listener)
            case Leave(listener):
                return await self._transport.leave(listener)
            case Sleep(seconds):
                return await asyncio.sleep(seconds)
            case Compute(function):
                return await asyncio.to_thread(function)
            case Start(steps):
                task = asyncio.ensure_future(self.run(steps))
                self._side.add(task)
                task.add_done_callback(self._side.discard)
                return task
            case Await(running, seconds):
                return await _first(running, seconds)


async def _first(running: Collection[Any], seconds: float) -> set[Any]:
    if not running:
        return set()
    done, _ = await asyncio.wait(running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return done
