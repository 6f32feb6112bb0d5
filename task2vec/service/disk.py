"""The disk of a store: how much of it is free, and a reserve so that it can be freed when full.

To delete a row, the database has to write. A full disk could then not even be emptied. So a server
keeps a file of zeros beside the database, gives it up for a deletion that finds no room, and fills
it again afterwards.
"""

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeVar

from task2vec.errors import StoreFullError

#: The room that a deletion may take: some pages of the log for each table, many times over.
RESERVE_BYTES = 8 << 20
#: A disk is nearly full below this, or below this share of it, whichever is less.
LOW_BYTES = 1 << 30
LOW_SHARE = 0.05
_RESERVE = "reserve"
# While a deletion uses the room of the reserve, nobody fills it.
_USE = Lock()
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Disk:
    """The bytes of the disk that holds a store, and those of them that may still be written."""

    total: int
    free: int

    @property
    def is_low(self) -> bool:
        """Whether it is nearly full: see `LOW_BYTES` and `LOW_SHARE`."""
        return self.free < min(LOW_BYTES, LOW_SHARE * self.total)

    @property
    def told(self) -> str:
        """What is free, in words."""
        return f"{self.free / 1e9:.2f} GB of {self.total / 1e9:.1f} GB are free"


def disk_of(store: Path) -> Disk:
    """Return the disk that holds a store, or will hold it; raises `OSError` when it is away."""
    path = store.absolute()
    usage = shutil.disk_usage(next(each for each in (path, *path.parents) if each.exists()))
    return Disk(total=usage.total, free=usage.free)


def keep_reserve(store: Path) -> bool:
    """Make the reserve of a store, or what it lacks; return whether it is whole now.

    The first one is not made on a disk that is nearly full: somebody else may need that room more.
    One that was used takes what is free, up to its size: a part of it serves the next deletion.
    """
    with _USE:
        return _fill(store / _RESERVE)


def delete_though_full(store: Path, delete: Callable[[], T]) -> T:
    """Return what ``delete`` returns, which is given the reserve's room where the disk is full.

    ``delete`` changes nothing where it raises `StoreFullError`. What it removes has made room by
    the time it returns, so the reserve is filled again then.

    Raises:
        StoreFullError: when there is no reserve, or it is not enough.
    """
    try:
        return delete()
    except StoreFullError:
        reserve = store / _RESERVE
        if not reserve.exists():
            raise
    with _USE:
        with suppress(OSError):
            # It stays as an empty file, by which it is known that it was made before.
            os.truncate(reserve, 0)
        _LOG.warning("The disk is full: the room that is kept for deletions is used")
        try:
            return delete()
        finally:
            _fill(reserve)


def _fill(reserve: Path) -> bool:
    try:
        held = reserve.stat().st_size if reserve.exists() else None
        free = disk_of(reserve.parent).free
        if held is None and free < 2 * RESERVE_BYTES:
            return False
        size = min(RESERVE_BYTES, (held or 0) + free)
        if size > (held or 0):
            with reserve.open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        _LOG.warning("No room is kept for deletions: %s", error)
        return False
    return size >= RESERVE_BYTES
