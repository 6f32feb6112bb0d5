"""The app behind uvicorn on a real port, for what only a connection can do: break, drip, wait."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from running import copy_of_empty

from task2vec.service.workspace import Workspace
from task2vec_api import create_app
from task2vec_api.settings import Settings


@contextmanager
def on_a_port(store: Path, settings: Settings | None = None) -> Iterator[tuple[str, Workspace]]:
    """Serve a store; yield the address and the workspace."""
    workspace = Workspace(copy_of_empty(store))
    app = create_app(workspace, settings or Settings(access_log=False))
    workspace.confinement = None
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="on")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", workspace
    finally:
        app.state.runtime.draining.set()
        server.should_exit = True
        thread.join()
