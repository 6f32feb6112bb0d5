"""An asynchronous client that is called like a blocking one, so that one test serves both."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any


class Waited:
    """Runs what an asynchronous client returns to its end."""

    def __init__(self, client: Any, runner: asyncio.Runner) -> None:
        self._client = client
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return self._method(found) if callable(found) else Waited(found, self._runner)

    def _method(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            found = method(*args, **kwargs)
            if inspect.isawaitable(found):
                return self._runner.run(_awaited(found))
            return self._iterated(found)

        return call

    def _iterated(self, found: AsyncIterator[Any]) -> Iterator[Any]:
        async def following() -> list[Any]:
            try:
                return [await anext(found)]
            except StopAsyncIteration:
                return []

        while item := self._runner.run(following()):
            yield item[0]


async def _awaited(found: Any) -> Any:
    return await found
