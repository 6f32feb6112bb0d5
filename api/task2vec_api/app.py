"""Puts the service together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from task2vec import __version__
from task2vec.service.workspace import Workspace
from task2vec_api import errors
from task2vec_api.middleware.authentication import Authentication
from task2vec_api.middleware.context import Observer, RequestContext, log_access
from task2vec_api.routes import ROUTERS
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

PREFIX = "/v1"


def create_app(workspace: Workspace, settings: Settings | None = None) -> FastAPI:
    """Return the app that serves a workspace, whose store it opens and closes.

    The store belongs to the app while it runs: see `task2vec.service.ownership`.
    """
    settings = settings or Settings()
    runtime = Runtime(workspace, settings)
    errors.hide(workspace.path)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runtime.bell.attach(asyncio.get_running_loop())
        workspace.store(create=True)
        try:
            yield
        finally:
            runtime.drain()
            workspace.close()

    app = FastAPI(
        title="task2vec",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.state.runtime = runtime
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    observers: list[Observer] = [log_access] if settings.access_log else []
    # The last that is added is the first that a request meets.
    app.add_middleware(Authentication)
    app.add_middleware(RequestContext, observers=tuple(observers))
    return app
