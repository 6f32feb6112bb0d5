"""Carries out steps one after the other, in the thread that asks."""

import time
from collections.abc import Collection, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from task2vec.client.http_blocking import BlockingHttp
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

_SIDE_THREADS = 16


class BlockingDriver:
    """Runs calls over a transport; what a call starts at the side runs in threads."""

    def __init__(self, transport: BlockingHttp) -> None:
        self._transport = transport
        self._threads: ThreadPoolExecutor | None = None

    def run(self, steps: Steps[R]) -> R:
        """Carry out a call and return its result."""
        try:
            next(self._drive(steps))
        except StopIteration as ended:
            result: R = ended.value
            return result
        raise AssertionError("only a stream emits")

    def iterate(self, steps: Stream[R]) -> Iterator[R]:
        """Carry out a call as far as its items are asked for."""
        yield from self._drive(steps)

    def close(self) -> None:
        """Close the connections, and let nothing at the side go on."""
        self._transport.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _drive(self, steps: Any) -> Generator[Any, None, Any]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as ended:
                return ended.value
            value, error = None, None
            try:
                if isinstance(step, Emit):
                    yield step.item
                else:
                    value = self._perform(step)
            # Also an interruption, and the end of an iteration: what was opened is closed then.
            except BaseException as raised:
                error = raised

    def _perform(self, step: Step) -> Any:
        match step:
            case Exchange(request):
                return self._transport.exchange(request)
            case Listen(request):
                return self._transport.listen(request)
            case Hear(listener):
                return self._transport.hear(listener)
            case Leave(listener):
                return self._transport.leave(listener)
            case Sleep(seconds):
                return time.sleep(seconds)
            case Compute(function):
                return function()
            case Start(steps):
                return self._start(steps)
            case Await(running, seconds):
                return _first(running, seconds)

    def _start(self, steps: Steps[Any]) -> "Future[Any]":
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_SIDE_THREADS, thread_name_prefix="task2vec")
        return self._threads.submit(self.run, steps)


def _first(running: Collection[Any], seconds: float) -> set[Any]:
    done, _ = wait(running, timeout=seconds, return_when=FIRST_COMPLETED)
    return done
