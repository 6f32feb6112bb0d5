"""The command serve, with an option for every setting of the server."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

import typer

from task2vec.cli.options import DEFAULT_STORE, JsonOption, StoreOption
from task2vec.cli.output import console, messages, print_json
from task2vec_api.settings import Settings

#: Hosts that stand for all addresses of this machine.
_EVERYWHERE = ("0.0.0.0", "::", "[::]")


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("serve")(_with_options(serve))


def serve(context: typer.Context, **given: Any) -> None:
    """Serve the store over HTTP, until Ctrl-C or SIGTERM.

    Only programs on this machine can reach it unless `--host` says otherwise, which needs a key
    (`task2vec keys create`) and TLS. While it runs, other commands talk to it with `--url`.

    Example: `task2vec serve --store tasks --port 8000`
    """
    values = {name: _value(given[name]) for name in (f.name for f in fields(Settings))}
    settings = Settings(**values)
    if given["show_settings"]:
        _show(context, settings, as_json=given["as_json"])
        return
    from task2vec_api.serving import serve as run

    run(given["store"], settings, ready=announce(settings, as_json=given["as_json"]))


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


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each setting, with its meaning and its bounds."""
    hints = get_type_hints(Settings)
    settings = [_option(declared, hints[declared.name]) for declared in fields(Settings)]
    parameters = [
        inspect.Parameter("context", _KEYWORD, annotation=typer.Context),
        inspect.Parameter("store", _KEYWORD, default=DEFAULT_STORE, annotation=StoreOption),
        *settings,
        inspect.Parameter("show_settings", _KEYWORD, default=False, annotation=_SHOW),
        inspect.Parameter("as_json", _KEYWORD, default=False, annotation=JsonOption),
    ]

    def with_options(**given: Any) -> None:
        command(given.pop("context"), **given)

    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {p.name: p.annotation for p in parameters}
    with_options.__doc__ = command.__doc__
    return with_options


_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_SHOW = Annotated[
    bool,
    typer.Option(
        "--show-settings", help="Print every setting, its value, and where it comes from; then end."
    ),
]


def _option(declared: Field[Any], kind: Any) -> inspect.Parameter:
    bounds = declared.metadata
    help_ = bounds["meaning"]
    if bounds["choices"]:
        help_ += f" One of {', '.join(bounds['choices'])}."
    numeric = kind in (int, float)
    option = typer.Option(
        help=help_,
        min=bounds["at_least"] if numeric else None,
        max=bounds["at_most"] if numeric else None,
    )
    default: Any = declared.default
    if isinstance(default, tuple):
        kind, default = list[str], list(default)
    return inspect.Parameter(
        declared.name, _KEYWORD, default=default, annotation=Annotated[kind, option]
    )


def _value(given: Any) -> Any:
    return tuple(given) if isinstance(given, list) else given


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return ", ".join(value) or "none" if isinstance(value, list) else str(value).lower()
