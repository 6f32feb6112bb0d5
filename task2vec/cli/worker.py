"""The command worker."""

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from task2vec.errors import SettingError

PARENT_VARIABLE = "TASK2VEC_WORKER_PARENT"


class LogFormat(StrEnum):
    """How a line of the log looks."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which level on events are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


app = typer.Typer()


@app.command("worker")
def worker(
    url: Annotated[
        str,
        typer.Option(
            envvar="TASK2VEC_URL",
            help="The server's address, such as `http://127.0.0.1:8000`.",
        ),
    ],
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="TASK2VEC_API_KEY",
            help="A key with the scope `work`. Better by the environment: others on this machine "
            "can read a command line.",
            show_envvar=True,
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where the networks run: `cpu`, or `cuda:N`. Default: a GPU if there is one."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="A name that no other worker has. Default: made of host and process."),
    ] = None,
    cache_bytes: Annotated[
        int, typer.Option(min=1, help="As much of what was downloaded is kept at most.")
    ] = 16 * 2**30,
    ca: Annotated[
        Path | None,
        typer.Option(
            envvar="TASK2VEC_WORKER_CA",
            help="A PEM file with the server's own certificate: that one is trusted, and no other.",
        ),
    ] = None,
    log_format: Annotated[
        LogFormat,
        typer.Option(envvar="TASK2VEC_WORKER_LOG_FORMAT", help="How a line of the log looks."),
    ] = LogFormat.TEXT,
    log_level: Annotated[
        LogLevel, typer.Option(envvar="TASK2VEC_WORKER_LOG_LEVEL", help="What is logged at least.")
    ] = LogLevel.INFO,
) -> None:
    """Run the jobs of a server, one at a time, on one device.

    Start one for each device, on as many machines as you like; the server shares out the jobs. On
    SIGTERM or Ctrl-C a worker hands its job back and ends; the second time it ends at once.

    Example: `task2vec worker --url http://127.0.0.1:8000 --device cuda:1`
    """
    from task2vec.client.http.address import Address
    from task2vec.embedding.engine import LocalEngine, best_device, usable_device
    from task2vec.worker.downloads import Downloads
    from task2vec.worker.resume_cache import ResumeCache
    from task2vec.worker.server import Server, trusting
    from task2vec.worker.shutdown import Shutdown, follow
    from task2vec.worker.worker import Worker, default_name
    from task2vec_api import logs

    logs.configure(level=log_level, style=log_format)
    address = Address(url)
    context = None if ca is None else trusting(ca)
    shutdown = Shutdown()
    shutdown.listen()
    downloads = Downloads(most=cache_bytes)
    if (parent := os.environ.get(PARENT_VARIABLE)) is not None:
        follow(_number(parent), clean=downloads.close)
    server = Server(address, api_key=api_key, context=context)
    try:
        engine = LocalEngine(usable_device(device or best_device()))
        called = name or default_name()
        logger = logging.getLogger("task2vec.worker")
        resume_cache = ResumeCache(address.url, over=server.is_over)
        runs = Worker(
            server, engine, downloads, resume_cache=resume_cache, name=called, shutdown=shutdown
        )
        runs.warm_up()
        logger.info("worker %s on %s works for %s", called, engine.device, address.url)
        runs.run()
        logger.info("worker %s ends", called)
    finally:
        server.close()
        downloads.close()


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingError(f"{PARENT_VARIABLE} is no process", expected="its number", got=text)
    return int(text)
