"""Silence for the warnings of one thread.

``warnings.catch_warnings`` swaps the filters of the whole process and puts the old ones back, so
that two threads that use it at once leave each other's behind. Here one filter stays in place for
good, and matches only in threads that have asked for quiet.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Here(threading.local):
    """Stands where a filter has the pattern of its messages."""

    depth = 0

    def match(self, message: str, /) -> bool:
        return message is not None and self.depth > 0


_here = _Here()
_FILTER: Any = ("ignore", _here, Warning, None, 0)
_lock = threading.Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Ignore all warnings that this thread gives inside the block; those of others stay."""
    _put_first()
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1


def _put_first() -> None:
    """Put the filter before all others, where somebody has added or dropped some since."""
    with _lock:
        filters = warnings.filters
        if not filters or filters[0] is not _FILTER:
            kept = [entry for entry in filters if entry is not _FILTER]
            filters[:] = [_FILTER, *kept]  # type: ignore[index]
