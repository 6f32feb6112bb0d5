"""Ends a worker whose server is gone: it was started for that one alone."""

import logging
import os
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

_POLL = 0.5


def follow(parent: int, *, clean: Callable[[], None]) -> None:
    """End this process once ``parent`` is no longer its parent, after ``clean``.

    A thread looks, since the work may be in the middle of a long call. There is nobody left to
    hand a job back to; the next server finds that its lease is over.
    """
    threading.Thread(target=_watch, args=(parent, clean), name="parent", daemon=True).start()


def _watch(parent: int, clean: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL)
    logger.warning("the server that started this worker is gone")
    try:
        clean()
    finally:
        os._exit(0)
