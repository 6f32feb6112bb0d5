"""Work on the next items by threads while somebody uses the first; the order stays."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

#: More decoders than this wait for the disk, or for each other in Python.
_MOST = 8
# Seconds after which who waits looks up.
_PATIENCE = 0.2


def map_ahead(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    threads: int | None = None,
    ahead: int | None = None,
    weigh: Callable[[T], int] = lambda _: 0,
    most: int = 0,
    prepare: Callable[[], object] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[R]:
    """Yield ``work(item)`` for each item, in order, as `map` does.

    The next items, ``ahead`` at most (two for each thread unless told), are taken and worked on
    meanwhile. They are taken in this thread, so that ``items`` may be a generator; ``work`` must be
    safe in several threads. The weights of the items ahead, by ``weigh``, may
    exceed ``most`` by one item. With one thread, or one processor, it is `map`. What ``work`` or
    ``items`` raises comes out at its place in the order. A caller that stops early should close the
    generator: what is under way ends first, the rest is dropped.

    ``prepare`` is called first in each thread, ``meanwhile`` in this one again and again while it
    waits.
    """
    threads = usable_processors() if threads is None else threads
    if threads < 2:
        yield from map(work, items)
        return
    ahead = 2 * threads if ahead is None else ahead
    pending: deque[tuple[Future[R], int]] = deque()
    held = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="ahead", initializer=prepare) as pool:
        try:
            for item in items:
                pending.append((pool.submit(work, item), weigh(item)))
                held += pending[-1][1]
                while len(pending) > ahead or (pending and held > most):
                    future, less = pending.popleft()
                    yield _result(future, meanwhile)
                    held -= less
            while pending:
                yield _result(pending.popleft()[0], meanwhile)
        finally:
            for future, _ in pending:
                future.cancel()


def _result(future: Future[R], meanwhile: Callable[[], None] | None) -> R:
    while meanwhile is not None and not wait([future], timeout=_PATIENCE).done:
        meanwhile()
    return future.result()


def usable_processors() -> int:
    """Return how many threads are worth while: one per processor that this process may use."""
    return min(allowed_processors(), _MOST)


def allowed_processors() -> int:
    """Return how many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
