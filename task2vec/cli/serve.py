"""The commands serve, with an option for every setting of the server, and worker."""

import logging
import os
from collections.abc import Callable
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from task2vec.cli.option_groups import grouped
from task2vec.cli.options import Local
from task2vec.cli.output import console, messages, print_json
from task2vec.errors import SettingError
from task2vec_api.settings import Settings

#: Hosts that stand for all addresses of this machine.
_EVERYWHERE = ("0.0.0.0", "::", "[::]")
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


@app.command("serve")
@grouped
def serve(
    context: typer.Context,
    settings: Settings,
    show_settings: Annotated[
        bool,
        typer.Option(
            "--show-settings",
            help="Print every setting, its value, and where it comes from; then end.",
        ),
    ] = False,
    *,
    here: Local,
) -> None:
    """Serve the store over HTTP, until Ctrl-C or SIGTERM.

    Only programs on this machine can reach it unless `--host` says otherwise, which needs a key
    (`task2vec keys create`) and TLS. While it runs, other commands talk to it with `--url`.

    Example: `task2vec serve --store tasks --port 8000`
    """
    if show_settings:
        _show(context, settings, as_json=here.as_json)
        return
    from task2vec_api.serving import serve as run

    run(here.store, settings, ready=announce(settings, as_json=here.as_json))


def announce(settings: Settings, *, as_json: bool) -> Callable[[str], None]:
    """Return what tells a person, or a program, the address at which the server answers."""

    def tell(url: str) -> None:
        if as_json:
            print_json({"url": url})
        else:
            console().print(url)
            if settings.host in _EVERYWHERE:
                messages().print(
                    f"Other machines reach it by the name or address of this one, port "
                    f"{urlsplit(url).port}."
                )
            messages().print("Serving; stop with Ctrl-C.")

    return tell


def _show(context: typer.Context, settings: Settings, *, as_json: bool) -> None:
    rows = [
        {
            "setting": declared.name,
            "value": _plain(getattr(settings, declared.name)),
            "origin": _origin(context, declared.name),
            "default": _plain(declared.default),
            "meaning": declared.metadata["meaning"],
        }
        for declared in fields(settings)
    ]
    if as_json:
        print_json({"settings": rows})
        return
    out = console()
    for row in rows:
        out.print(f"{row['setting']} = {_shown(row['value'])}", style="bold")
        out.print(f"    from {row['origin']}")
        out.print(f"    {row['meaning']}")


def _origin(context: typer.Context, name: str) -> str:
    source = context.get_parameter_source(name)
    match source.name if source else "DEFAULT":
        case "COMMANDLINE":
            return f"the flag --{name.replace('_', '-')}"
        case "ENVIRONMENT":
            return f"the environment, TASK2VEC_SERVE_{name.upper()}"
        case "DEFAULT_MAP":
            return "the settings file"
        case _:
            return "the default"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value).lower()


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
    from task2vec.worker.job import Station
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
        station = Station(server, engine, downloads, resume_cache)
        runs = Worker(station, name=called, shutdown=shutdown)
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
