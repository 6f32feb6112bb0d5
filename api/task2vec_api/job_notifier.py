"""Wakes requests that wait for something to change."""

import asyncio


class JobNotifier:
    """Tells every request that waits, from any thread, that jobs changed.

    Only this process changes jobs, so that no change goes unnoticed. Requests that wait still look
    again now and then, for what becomes due by the clock alone.
    """

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the requests wait."""
        self._loop = loop

    def notify(self) -> None:
        """Wake everybody who waits; callable from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def listen(self) -> "asyncio.Future[None]":
        """Begin to listen: what changes from here on ends `notified`.

        Look at the state *after* calling this, or a change between is missed.
        """
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future

    async def notified(self, listening: "asyncio.Future[None]", seconds: float) -> None:
        """Wait for a change since `listen`, or until ``seconds`` are over."""
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await listening
        except TimeoutError:
            pass
        finally:
            listening.cancel()

    def _wake(self) -> None:
        for future in tuple(self._waiting):
            if not future.done():
                future.set_result(None)
