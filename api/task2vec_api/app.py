"""Puts the service together."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES
from starlette.routing import BaseRoute

from task2vec.service.models.experts import sweep_experts
from task2vec.service.parsing.confined import Confinement, ParsingLimits
from task2vec.service.problems import hide
from task2vec.service.uploads import sweep_uploads
from task2vec.service.workspace import Workspace
from task2vec.version import __version__
from task2vec_api import errors, front, health, openapi
from task2vec_api.access import check_protected
from task2vec_api.audit_log import PREFIX
from task2vec_api.event_stream import Lookout
from task2vec_api.in_process_worker import Backtests, Fetches
from task2vec_api.maintenance import Maintenance
from task2vec_api.metrics import State
from task2vec_api.middleware.bodies import Bodies
from task2vec_api.middleware.callers import Authentication, Browsers
from task2vec_api.middleware.compression import Compression
from task2vec_api.middleware.concurrency_limit import ConcurrencyLimit
from task2vec_api.middleware.context import Lingering, Observer, RequestContext, log_access
from task2vec_api.middleware.deadlines import Deadlines
from task2vec_api.middleware.idempotency import IdempotencyKeys
from task2vec_api.route_lookup import routes_of
from task2vec_api.routes import ROUTERS
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

_THREADS = 64
# For what the server's own threads have to write at the end, where others took all the time.
_LAST_SECONDS = 0.5


def create_app(workspace: Workspace, settings: Settings | None = None) -> FastAPI:
    """Return the app that serves a workspace, whose store it opens and closes.

    The store belongs to the app while it runs: see `task2vec.service.ownership`.
    """
    settings = settings or Settings()
    confinement = Confinement(
        ParsingLimits(
            memory=settings.parser_memory_bytes,
            cpu_seconds=settings.parser_cpu_seconds,
            seconds=settings.parser_seconds,
        )
    )
    workspace.confinement = confinement
    workspace.class_pictures = settings.class_pictures
    runtime = Runtime(workspace, settings)
    maintenance = Maintenance(runtime)
    fetches = Fetches(runtime)
    backtests = Backtests(runtime)
    hide(workspace.path)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runtime.notifier.attach(asyncio.get_running_loop())
        # Enough for every request that is let through, beside those that take long.
        current_default_thread_limiter().total_tokens = (
            settings.places + settings.computing_places + _THREADS
        )
        await asyncio.to_thread(workspace.store, create=True)
        await asyncio.to_thread(maintenance.start)
        await asyncio.to_thread(sweep_uploads, workspace)
        await asyncio.to_thread(sweep_experts, workspace)
        fetches.start()
        backtests.start()
        try:
            yield
        finally:
            runtime.drain()
            for own in (fetches, backtests, maintenance):
                await asyncio.to_thread(own.stop, runtime.seconds_left + _LAST_SECONDS)
            await asyncio.to_thread(confinement.close)
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
    runtime.metrics.registry.register(
        State(workspace, runtime.workers, busy_for=settings.lease_seconds)
    )
    app.state.runtime = runtime
    app.state.lookout = Lookout(runtime)
    app.state.maintenance = maintenance
    app.state.fetches = fetches
    app.state.backtests = backtests
    errors.install(app)
    app.router.routes.extend(_routes())
    _build_schemas(app)
    openapi.install(app)
    check_protected(app)
    _wrap(app, runtime)
    return app


@lru_cache(maxsize=1)
def _routes() -> list[BaseRoute]:
    """Return what every app serves; to work out its dependencies takes as long as to open a store.

    All apps of a process share it: requests find what they need by the app that they come to.
    """
    router = APIRouter()
    for each in ROUTERS:
        router.include_router(each, prefix=PREFIX)
    router.include_router(health.router)
    router.include_router(front.router)
    return router.routes


def _build_schemas(app: FastAPI) -> None:
    """Build every schema that the wire leaves to its first use.

    FastAPI states a name for each question where pydantic warns that it has no effect; FastAPI
    silences that when it makes the schema, but not when the wire's messages are built later.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)
        for route in routes_of(app):
            for field in (route.body_field, *route.dependant.query_params):
                if field is not None:
                    field.validate(None, {}, loc=())


def _wrap(app: FastAPI, runtime: Runtime) -> None:
    """Put the layers around the app, the innermost first."""
    settings = runtime.settings
    app.add_middleware(
        IdempotencyKeys, workspace=runtime.workspace, hours=settings.idempotency_hours
    )
    app.add_middleware(
        Compression,
        minimum_size=1024,
        compresslevel=5,
        # Images and scripts in files: neither is worth the time each time.
        exclude_content_types=(
            *DEFAULT_EXCLUDED_CONTENT_TYPES,
            "application/octet-stream",
            "text/javascript",
            "text/css",
        ),
    )
    app.add_middleware(ConcurrencyLimit, settings=settings)
    app.add_middleware(Bodies, settings=settings)
    app.add_middleware(Deadlines, seconds=settings.request_seconds)
    app.add_middleware(Authentication, keys=runtime.keys, rate_limit=runtime.rate_limit)
    app.add_middleware(Browsers, keys=runtime.keys, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=["ETag", "Location", "Retry-After", "X-Request-ID"],
        )
    observers: list[Observer] = [runtime.metrics.observe, runtime.audit_log.observe]
    if settings.access_log:
        observers.append(log_access)
    app.add_middleware(
        RequestContext,
        begin=runtime.metrics.begin,
        stopping=runtime.draining.is_set,
        observers=tuple(observers),
    )
    app.add_middleware(Lingering, stopping=runtime.draining.is_set)
