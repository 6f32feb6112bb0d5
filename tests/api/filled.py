"""The real app over a small store: four tasks of the examples, really embedded."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import small_store
from running import Running, running
from small_store import TASKS, cut

from task2vec_api.settings import Settings

NAMES = list(TASKS)


def built() -> Path:
    """Return the store, which tests copy before they write to it."""
    return small_store.build().store


@asynccontextmanager
async def filled(folder: Path, settings: Settings | None = None) -> AsyncIterator[Running]:
    """Start the app on a store that holds the small tasks."""
    shutil.copytree(built(), folder / "store")
    async with running(folder / "store", settings) as found:
        yield found


def zipped(folder: Path, task: str = "fashion_tops", *, classes: int = 3, images: int = 4) -> bytes:
    """Return an archive of a few real images."""
    source = cut(task, folder / f"cut-{task}", classes=classes, images=images)
    return Path(shutil.make_archive(str(source), "zip", source)).read_bytes()
