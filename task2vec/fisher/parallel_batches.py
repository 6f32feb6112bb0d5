"""Batches side by side: a processor's threads with a batch each, instead of all on one batch.

A pass is hundreds of small operations, and threads that share a batch wait for each other after
each of them. With a batch of its own each thread goes on: an embedding by two threads takes two
thirds of the time. That holds where threads that wait sleep (``OMP_WAIT_POLICY=PASSIVE``, which
the command line sets): where they spin instead, those of the shared kind keep the cores from the
others, and one batch after the other is faster.
"""

import os
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import TypeVar

import torch

from task2vec.data.pixels.prefetch import map_ahead

T = TypeVar("T")
R = TypeVar("R")

# Each batch under way holds its activations.
_MOST = 4


def batches_at_once(device: torch.device) -> int:
    """Return how many batches should be under way at once."""
    if device.type != "cpu" or os.environ.get("OMP_WAIT_POLICY", "").upper() != "PASSIVE":
        return 1
    return min(torch.get_num_threads(), _MOST)


def map_batches(
    work: Callable[[T], R],
    items: Iterable[T],
    *,
    at_once: int,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[R]:
    """Yield the work on each item, in the order of the items, which are taken as they are needed.

    With one at once everything happens in the calling thread; with more, it calls ``meanwhile``
    again and again while it waits. What either raises is raised here.
    """
    threads = torch.get_num_threads()
    share = partial(torch.set_num_threads, max(1, threads // at_once))
    try:
        yield from map_ahead(
            work, items, threads=at_once, ahead=at_once, prepare=share, meanwhile=meanwhile
        )
    finally:
        if at_once > 1:
            # The number is also what threads to come begin with.
            torch.set_num_threads(threads)
