"""Removing damaged rows of a store, with a copy of the database kept first."""

from dataclasses import dataclass
from pathlib import Path
from time import time

from task2vec.service.models.experts import sweep_experts
from task2vec.service.quarantine import free_place
from task2vec.service.workspace import Workspace
from task2vec.store.dropping import NAMED, PARTS, Removed
from task2vec.store.opening import DATABASE


@dataclass(frozen=True)
class Dropped:
    """The ``rows`` that went, by table, and the ``copy`` of the database as it was before."""

    rows: Removed
    copy: Path

    def named(self, table: str) -> list[str]:
        """Return the names of the removed rows of a table; none where its rows have no names."""
        return self.rows.get(table, []) if table in NAMED else []

    @property
    def incomplete(self) -> list[str]:
        """The names of tasks of which a part went."""
        return sorted({name for part in PARTS for name in self.rows.get(part, [])})


def drop_damaged(workspace: Workspace, now: float | None = None) -> Dropped:
    """Remove damaged rows with what hangs on them; say what went, and where the copy is.

    Of a sound store nothing goes and no copy is made. Checkpoints that lose their record go into
    quarantine.

    Raises:
        StoreCorruptError: for damage that is not of rows; nothing is changed then.
        StoreError: when the database cannot be written.
        InputError: when the copy cannot be written; nothing is changed then.
    """
    now = time() if now is None else now
    store = workspace.store()
    copy = free_place(workspace.path, DATABASE, now=now)
    removed = store.drop_damaged(copy)
    if removed:
        sweep_experts(workspace, now)
    return Dropped(removed, copy)
