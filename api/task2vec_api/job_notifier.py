"""Wakes requests that wait for something to change."""

import asyncio


class Bell:
    """A signal that jobs changed: rung from any thread, heard by every request that waits.

    Only this process changes jobs, so that no change goes unheard. Requests that wait still look
    again now and then, for what becomes due by the clock alone.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the requests wait."""
        self._loop = loop

    def ring(self) -> None:
        """Wake everybody who waits; callable from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    async def wait(self, seconds: float) -> bool:
        """Wait for a ring; return False when none came within ``seconds``.

        Look at the state *after* calling `listen`, or a change between is missed.
        """
        return await self.heard(self.listen(), seconds)

    def listen(self) -> "asyncio.Future[None]":
        """Begin to listen: a ring from here on is heard by `heard`."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    async def heard(self, listening: "asyncio.Future[None]", seconds: float) -> bool:
        """Wait until what `listen` returned has heard a ring, or ``seconds`` are over."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await listening
        except TimeoutError:
            return False
        finally:
            listening.cancel()
        return True

    def _wake(self) -> None:
        for future in tuple(self._waiting):
            if not future.done():
                future.set_result(None)
