"""The command serve, with an option for every setting of the server."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from task2vec.cli.bundles import bundled
from task2vec.cli.options import Local
from task2vec.cli.output import console, messages, print_json
from task2vec_api.settings import Settings

#: Hosts that stand for all addresses of this machine.
_EVERYWHERE = ("0.0.0.0", "::", "[::]")


app = typer.Typer()


@app.command("serve")
@bundled
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
