"""The real app over a small store: four tasks of the examples, really embedded."""

import atexit
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from running import Running, running
from small_store import TASKS, USED, cut

from task2vec.service.workspace import Workspace
from task2vec_api.settings import Settings

NAMES = list(TASKS)


@lru_cache(maxsize=1)
def built() -> Path:
    """Make the store once for all tests of a run; they copy it before they write to it."""
    from task2vec.jobs.embed import embed
    from task2vec.messages.jobs import NewEmbedding
    from task2vec.messages.settings import EmbeddingSettings

    root = Path(mkdtemp(prefix="task2vec-api-tests-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    with Workspace(root / "store") as workspace:
        for task in TASKS:
            source = cut(task, root / "sources" / task)
            settings = EmbeddingSettings(images=USED)
            embed(workspace, NewEmbedding(dataset=task, settings=settings), str(source))
    return root / "store"


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
