"""The disk of a store: how much of it is free, and a reserve so that it can be freed when full.

To delete a row, the database has to write. A full disk could then not even be emptied. So a server
keeps a file of zeros beside the database, gives it up for a deletion that finds no room, and makes
it anew afterwards.
"""

import logging
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from task2vec.errors import StoreFullError
from task2vec.whole_file import whole_file

#: The room that a deletion may take: some pages of the log for each table, many times over.
RESERVE_BYTES = 8 << 20
#: A disk is nearly full below this, or below this share of it, whichever is less.
LOW_BYTES = 1 << 30
LOW_SHARE = 0.05
_RESERVE = "reserve"
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
    """Make the reserve of a store where there is none; return whether there is one now.

    It is not made on a disk that is nearly full: somebody else may need that room more.
    """
    reserve = store / _RESERVE
    try:
        if reserve.exists() and reserve.stat().st_size >= RESERVE_BYTES:
            return True
        if disk_of(store).free < 2 * RESERVE_BYTES:
            return False
        with whole_file(reserve) as partial, partial.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError as error:
        _LOG.warning("No room is kept for deletions: %s", error)
        return False
    return True


def delete_though_full(store: Path, delete: Callable[[], T]) -> T:
    """Return what ``delete`` returns, which is given the reserve's room where the disk is full.

    ``delete`` changes nothing where it raises `StoreFullError`. What it removes has made room by
    the time it returns, so the reserve is made anew then.

    Raises:
        StoreFullError: when there is no reserve, or it is not enough.
    """
    try:
        return delete()
    except StoreFullError:
        reserve = store / _RESERVE
        if not reserve.exists():
            raise
        with suppress(OSError):
            reserve.unlink()
        _LOG.warning("The disk is full: the room that is kept for deletions is used")
        try:
            return delete()
        finally:
            keep_reserve(store)
