"""The client that works on a store of this machine, without a server."""

import os
from pathlib import Path

from task2vec.client.client import BlockingClient
from task2vec.client.local.store import LocalStore
from task2vec.data.paths import DEFAULT_STORE
from task2vec.extras import needing_extras

__all__ = ["LocalClient"]


class LocalClient(BlockingClient):
    """`task2vec.Client` without a server: one store, and this process to do the work.

    ``path`` is the folder of the store; it is created by the first thing that is stored. Use it as
    a context manager, or `close` it. Its methods have the arguments and results of a `Client`; what
    it does not have are jobs (`jobs` is empty, ``wait=False`` is refused) and data sets.
    """

    def __init__(self, path: str | os.PathLike[str] = DEFAULT_STORE) -> None:
        # SQLAlchemy takes a third of a second to import: that is paid by who makes a client.
        with needing_extras("A local store"):
            from task2vec.service.workspace import Workspace

        self.path = Path(path)
        super().__init__(LocalStore(Workspace(self.path)))

    def __repr__(self) -> str:
        return f"LocalClient({str(self.path)!r})"
