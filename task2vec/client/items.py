"""Long lists that are read as they are iterated over."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Items(Iterator[T], Generic[T]):
    """An iterator whose `repr` says how to read its items."""

    def __init__(self, found: Iterator[T]) -> None:
        self._found = found
        self._read = 0

    def __next__(self) -> T:
        """Return the next item."""
        item = next(self._found)
        self._read += 1
        return item

    def __repr__(self) -> str:
        """Return how many items were read, and how to read all."""
        return f"<{self._read:,} items read so far; list(...) reads all>"

    def close(self) -> None:
        """Read no more, and give up what the reading holds, such as a connection."""
        close = getattr(self._found, "close", None)
        if close is not None:
            close()
        self._found = iter(())
