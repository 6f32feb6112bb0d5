"""Work on the next items by threads while somebody uses the first; the order stays."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: More decoders than this wait for the disk, or for each other in Python.
_MOST = 8


def map_ahead(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    threads: int | None = None,
    weigh: Callable[[T], int] = lambda _: 0,
    most: int = 0,
) -> Generator[R]:
    """Yield ``work(item)`` for each item, in order, as `map` does.

    The next items, two for each thread at most, are taken and worked on meanwhile. They are taken
    in this thread, so that ``items`` may be a generator; ``work`` must be safe in several threads.
    Those ahead weigh ``most`` together, and one item more, where ``weigh`` tells of each. With one
    thread, or one processor, it is `map`. What ``work`` or ``items`` raises comes out at its place
    in the order. A caller that stops early should close the generator: what is
    under way ends first, the rest is dropped.
    """
    threads = usable_processors() if threads is None else threads
    if threads < 2:
        yield from map(work, items)
        return
    ahead: deque[tuple[Future[R], int]] = deque()
    held = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead") as pool:
        try:
            for item in items:
                ahead.append((pool.submit(work, item), weigh(item)))
                held += ahead[-1][1]
                while len(ahead) > 2 * threads or (ahead and held > most):
                    future, less = ahead.popleft()
                    yield future.result()
                    held -= less
            while ahead:
                yield ahead.popleft()[0].result()
        finally:
            for future, _ in ahead:
                future.cancel()


def usable_processors() -> int:
    """Return how many threads are worth while: one per processor that this process may use."""
    return min(allowed_processors(), _MOST)


def allowed_processors() -> int:
    """Return how many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
