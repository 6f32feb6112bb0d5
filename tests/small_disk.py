"""A small disk of its own, and how to fill it to the last byte."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from task2vec.errors import StoreFullError
from task2vec.store import Store

MIB = 1 << 20


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Give a folder on a disk of 48 MiB; skip the test where none can be mounted."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path) -> None:
    """Take every byte that is left."""
    with (place / "other").open("ab", buffering=0) as file:
        for size in (MIB, 4096, 512, 1):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


def is_full(store: Store) -> bool:
    """Whether the database finds no room for a small write, which is kept where it does."""
    try:
        with store.transaction() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS rubbish (data)")
            connection.exec_driver_sql("INSERT INTO rubbish VALUES (zeroblob(2000))")
    except StoreFullError:
        return True
    return False


def crowd(store: Store, place: Path) -> None:
    """Fill the disk, and the room that the files of the database have within."""
    fill(place)
    for _ in range(20_000):
        if is_full(store):
            break
    fill(place)
    assert is_full(store)
