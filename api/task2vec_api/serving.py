"""Runs the service: listens, keeps its workers, and stops in good order."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import time

import uvicorn
from fastapi import FastAPI

from task2vec.errors import SettingError
from task2vec.service.keys import list_all
from task2vec.service.ownership import Ownership
from task2vec.service.workspace import Workspace
from task2vec_api import logs
from task2vec_api.app import create_app
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.logs import logger
from task2vec_api.protocol import limited
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings
from task2vec_api.worker_pool import WorkerPool

_TURN_SECONDS = 0.001

Ready = Callable[[str], None]
"""Told the server's address once it answers."""


def serve(path: Path, settings: Settings, *, ready: Ready) -> None:
    """Serve the store in the directory ``path`` until the process is told to stop.

    Raises:
        StoreOwnedError: when another server runs on it.
        StoreError: when it cannot be opened.
        SettingError: when the address is taken, or would let strangers in.
    """
    if not path.exists():
        # What is refused leaves no new store behind.
        KeyAuthentication(settings).check_exposure(path)
        _listen(settings.host, settings.port).close()
    with Ownership(path) as ownership, Workspace(path, beside_server=True) as workspace:
        app = create_app(workspace, settings)
        runtime: Runtime = app.state.runtime
        workspace.store(create=True)
        runtime.keys.refresh(list_all(workspace))
        runtime.keys.check_exposure(path)
        with _listen(settings.host, settings.port) as listening:

            def announce(url: str) -> None:
                ownership.announce(url)
                ready(url)

            # Threads that compute let the loop have its turn sooner than after 5 ms each.
            sys.setswitchinterval(_TURN_SECONDS)
            logs.configure(level=settings.log_level, style=settings.log_style)
            config = _config(app, settings)
            loop = config.get_loop_factory()
            with asyncio.Runner(loop_factory=loop) as runner:
                runner.run(_serve(app, config, listening, ready=announce))


async def _serve(
    app: FastAPI, config: uvicorn.Config, listening: socket.socket, *, ready: Ready
) -> None:
    runtime: Runtime = app.state.runtime
    settings = runtime.settings
    stop = asyncio.Event()
    outer = _Server(config)
    servers, serving = [outer], [await _start(outer, listening)]
    url = _url(settings, listening)
    inner_url = url
    if settings.tls:
        # Workers here need not trust the certificate: they have a way in that only they can reach.
        plain = _listen("127.0.0.1", 0)
        inner = _Server(_config(app, settings, inner=True))
        servers.append(inner)
        serving.append(await _start(inner, plain))
        inner_url = f"http://127.0.0.1:{plain.getsockname()[1]}"
    pool = _pool(app, inner_url)
    pool.start()
    _spare_the_collector()
    _on_signals(stop, outer, pool)
    ready(url)
    logger.info("listening on %s", url)
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *serving], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    await _drain(runtime, pool)
    for server in servers:
        _end(server, seconds=runtime.seconds_left)
    await asyncio.gather(*serving)


def _spare_the_collector() -> None:
    """Let the garbage collector look no more at what stays until the end: modules, routes, schemas.

    Of 160,000 objects a full collection takes 0.1 s, several times that on a busy machine, in which
    no request is answered.
    """
    gc.collect()
    gc.freeze()


async def _drain(runtime: Runtime, pool: WorkerPool) -> None:
    settings = runtime.settings
    logger.info("stopping")
    runtime.draining.set()
    await asyncio.sleep(settings.drain_notice_seconds)
    runtime.drain()
    # Workers hand their jobs back over HTTP: until then the server goes on.
    await pool.stop(runtime.seconds_left)


def _end(server: "_Server", *, seconds: float) -> None:
    """Let requests go on for some seconds more, or less where somebody asked for less."""
    config = server.config
    # A fraction is as good as an integer.
    config.timeout_graceful_shutdown = min(  # type: ignore[assignment]
        seconds, config.timeout_graceful_shutdown or 0.0
    )
    server.should_exit = True


def _pool(app: FastAPI, url: str) -> WorkerPool:
    runtime: Runtime = app.state.runtime

    def bury(name: str) -> None:
        runtime.workers.leaves(name)
        # One that is killed since it did not stop in time has not failed.
        stopping = runtime.draining.is_set()
        runtime.workspace.store().jobs.end_worker(name, now=time(), counts=not stopping)
        runtime.notifier.notify()

    pool = WorkerPool(
        url=url,
        key=runtime.keys.worker_key.secret,
        workers=runtime.settings.workers,
        on_death=bury,
        # One stream of lines, which one program reads.
        environment={
            "TASK2VEC_WORKER_LOG_FORMAT": runtime.settings.log_style,
            "TASK2VEC_WORKER_LOG_LEVEL": runtime.settings.log_level,
        },
    )

    def kill_idlers(lost: set[str]) -> None:
        for worker in runtime.workers.alive(busy_for=float("inf")):
            if worker.job in lost:
                pool.kill(worker.name)

    app.state.maintenance.on_expired = kill_idlers
    return pool


class _Server(uvicorn.Server):
    """Leaves the signals to us: stopping begins before the server does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _start(server: _Server, listening: socket.socket) -> "asyncio.Task[None]":
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    if task.done():
        # Why is in the log; raises what ended it.
        await task
    return task


def _on_signals(stop: asyncio.Event, server: _Server, pool: WorkerPool) -> None:
    def interrupt() -> None:
        if stop.is_set():
            # Somebody at a terminal asks a second time: nothing is waited for.
            server.config.timeout_graceful_shutdown = 0
            pool.kill_all()
            for task in server.server_state.tasks:
                task.cancel()
        stop.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupt)


def _config(app: FastAPI, settings: Settings, *, inner: bool = False) -> uvicorn.Config:
    tls = settings.tls and not inner
    return uvicorn.Config(
        app,
        http=limited(settings),
        ws="none",
        lifespan="off" if inner else "on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=settings.behind_proxy and not inner,
        forwarded_allow_ips=list(settings.proxy_addresses),
        ssl_certfile=settings.tls_cert if tls else None,
        ssl_keyfile=settings.tls_key if tls else None,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        raise SettingError(
            f"The server cannot listen on {host}:{port}",
            got=error.strerror or str(error),
            remedy="Choose another `--port` or `--host`.",
        ) from error
    listening.setblocking(False)
    return listening


def _url(settings: Settings, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http{'s' if settings.tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"
