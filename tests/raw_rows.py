"""Rows of a store that are changed behind its back: as nonsense that was written, or as damage."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from task2vec.store.opening import DATABASE
from task2vec.store.sql.checksums import FUNCTION, TABLES, checksum
from task2vec.store.sql.schema import CHECKSUM


@contextmanager
def written(store: Path) -> Iterator[sqlite3.Connection]:
    """Open the database; rows that change get the checksum of what they have become."""
    with closing(sqlite3.connect(store / DATABASE)) as raw:
        raw.create_function(FUNCTION, -1, checksum, deterministic=True)
        yield raw
        raw.commit()


@contextmanager
def damaged(store: Path) -> Iterator[sqlite3.Connection]:
    """Open the database; rows that change keep the checksum that they had, as on a sick disk."""
    with written(store) as raw:
        kept = {
            table.name: raw.execute(f"SELECT {CHECKSUM}, rowid FROM {table.name}").fetchall()
            for table in TABLES
        }
        yield raw
        for table, rows in kept.items():
            raw.executemany(f"UPDATE {table} SET {CHECKSUM} = ? WHERE rowid = ?", rows)
