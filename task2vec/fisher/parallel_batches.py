"""Batches side by side: a processor's threads with a batch each, instead of all on one batch.

A pass is hundreds of small operations, and threads that share a batch wait for each other after
each of them. With a batch of its own each thread goes on: an embedding by two threads takes two
thirds of the time. That holds where threads that wait sleep (``OMP_WAIT_POLICY=PASSIVE``, which
the command line sets): where they spin instead, those of the shared kind keep the cores from the
others, and one batch after the other is faster.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import torch

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

# Each lane holds the activations of a batch.
_MOST = 4
# Seconds after which who waits looks up.
_PATIENCE = 0.2


def suitable_lanes(device: torch.device) -> int:
    """Return how many batches should be under way at once."""
    if device.type != "cpu" or os.environ.get("OMP_WAIT_POLICY", "").upper() != "PASSIVE":
        return 1
    return min(torch.get_num_threads(), _MOST)


def in_lanes(
    work: Callable[[_Item], _Found],
    items: Iterable[_Item],
    *,
    lanes: int,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[_Found]:
    """Yield the work on each item, in the order of the items, which are taken as they are needed.

    With one lane everything happens in the calling thread; with more, it calls ``meanwhile`` again
    and again while it waits. What either raises is raised here.
    """
    if lanes == 1:
        yield from map(work, items)
        return
    threads = torch.get_num_threads()
    waiting: deque[Future[_Found]] = deque()
    with ThreadPoolExecutor(
        lanes, "lane", initializer=torch.set_num_threads, initargs=(max(1, threads // lanes),)
    ) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > lanes:
                    yield _await(waiting.popleft(), meanwhile)
            while waiting:
                yield _await(waiting.popleft(), meanwhile)
        finally:
            for left in waiting:
                left.cancel()
            # The number is also what threads to come begin with.
            torch.set_num_threads(threads)


def _await(future: Future[_Found], meanwhile: Callable[[], None] | None) -> _Found:
    while meanwhile is not None and not wait([future], timeout=_PATIENCE).done:
        meanwhile()
    return future.result()
