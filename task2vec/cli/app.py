"""The command tree, and the layout of `--help`: groups, panels, variables and values named."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from task2vec.cli import (
    backtest,
    batch,
    bundles,
    experts,
    finetune,
    information,
    jobs,
    keys,
    models,
    neighbours,
    open_page,
    outcomes,
    predict,
    recommend,
    serve,
    tasks,
    upkeep,
)
from task2vec.cli.config import PREFIX, read_config, unread_variables
from task2vec.cli.output import console, warn
from task2vec.cli.place import place
from task2vec.version import __version__

COMMANDS = {
    "Embed and compare tasks": (
        *("embed", "batch", "list", "show", "export", "remove"),
        *("neighbours", "distance", "map", "information"),
    ),
    "Choose and train a model": (
        *("recommend", "finetune", "compare", "evaluate", "predict", "models", "outcomes"),
        *("experts", "bundle", "backtest"),
    ),
    "Run a server": ("open", "serve", "worker", "jobs", "keys"),
    "Set up": ("demo", "probes", "doctor"),
}
OPTIONS = {
    "Which models": (
        *("max_parameters", "max_operations", "max_input_size", "architecture", "licence"),
        "published",
    ),
    "Images and probe": ("probe", "images", "estimator", "draws", "standard_error", "seed"),
    "Store, server and output": ("store", "url", "api_key", "as_json"),
}
VARIABLES = """Every option can also be set by an environment variable: `TASK2VEC_RECOMMEND_BUDGET`
is `--budget` of `recommend`. `TASK2VEC_STORE`, `TASK2VEC_URL`, `TASK2VEC_API_KEY`, `TASK2VEC_JSON`
and `TASK2VEC_CONFIG` hold for all commands. Two have no option: `TASK2VEC_CACHE`, the folder of
what can be made again, and `TASK2VEC_DEBUG`. A file `task2vec.toml` sets options, too; the command
line wins.
"""


class HelpGroup(TyperGroup):
    """The root of the command tree, which lays out the help of all commands below it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, group by group."""
        order = [name for names in COMMANDS.values() for name in names]
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: order.index(name) if name in order else len(order))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command with its help laid out, None for an unknown name."""
        command: Any = super().get_command(ctx, cmd_name)
        if command is not None:
            command.rich_help_panel = _panel(cmd_name, COMMANDS)
            _lay_out(command, ctx)
        return command

    def get_params(self, ctx: Any) -> Any:
        """Return the root's own options."""
        params = super().get_params(ctx)
        for param in params:
            _quieten(param)
        return params


def value_name(param: Any) -> str:
    """Return how the value of an option or argument is called: by a noun, or N for a number."""
    whole = param.type_descriptor.annotation is int
    # Of `--lease-seconds` it is SECONDS.
    return str(param.metavar or ("N" if whole else param.name.upper().rpartition("_")[2]))


def choices(param: Any) -> str:
    """Return the sentence that lists the values of an option, where its help does not name them."""
    kind = param.type_descriptor.annotation
    kind = kind if isinstance(kind, type) else str
    values: list[str] = [each.value for each in kind] if issubclass(kind, StrEnum) else []
    if all(value in (param.help or "") for value in values):
        return ""
    return f" One of {', '.join(values)}."


def _lay_out(command: Any, ctx: Any) -> None:
    for param in (*command.params, command.get_help_option(ctx)):
        _quieten(param)
        if param.metavar is None:
            param.help = (param.help or "") + choices(param)
            param.metavar = value_name(param)
        if param.param_type_name == "option" and param.rich_help_panel is None:
            param.rich_help_panel = _panel(param.name, OPTIONS)
    for child in getattr(command, "commands", {}).values():
        _lay_out(child, ctx)


def _quieten(param: Any) -> None:
    # The epilogue of the root tells the rule.
    param.show_envvar = False
    if getattr(param, "is_flag", False):
        # It takes no value, whatever its type.
        param.metavar = ""
    if param.param_type_name == "argument":
        # Its name says more than `<str>`.
        param.display_type_rich = lambda **_: None


def _panel(name: str, panels: dict[str, tuple[str, ...]]) -> str | None:
    return next((panel for panel, names in panels.items() if name in names), None)


app = typer.Typer(
    name="task2vec",
    cls=HelpGroup,
    epilog=VARIABLES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={
        "auto_envvar_prefix": PREFIX,
        "help_option_names": ["-h", "--help"],
    },
    help="""Which known tasks does a labelled image set resemble, and which model should it start
from?

A *task* is a labelled image set: a folder with one sub-folder of images per class, a zip or tar of
such folders, or a CSV list. `task2vec embed FOLDER` turns it into one vector and stores it.
`task2vec recommend FOLDER` ranks starting models for it.

Start with `task2vec recommend FOLDER` on your own images, or with `task2vec demo`.""",
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        console().print(f"task2vec {__version__}")
        raise typer.Exit


@app.callback()
def start(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            envvar="TASK2VEC_CONFIG",
            metavar="FILE",
            help="A TOML file with defaults for options; `./task2vec.toml` is read if it exists. "
            "Keys at the top apply to every command, those in a table `[embed]` to that command.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001  (its callback does it)
        bool,
        typer.Option(
            "--version",
            callback=_tell_version,
            is_eager=True,
            # The environment of a container may well say which version it holds.
            allow_from_autoenv=False,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Read the settings file before any command."""
    place.set_root(context.command)
    warn(unread_variables(context.command, os.environ))
    context.default_map = read_config(config, context.command)


for part in (
    tasks,
    batch,
    neighbours,
    recommend,
    backtest,
    finetune,
    predict,
    information,
    open_page,
    serve,
    upkeep,
):
    app.add_typer(part.app)
app.add_typer(models.app, name="models")
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(experts.app, name="experts")
app.add_typer(bundles.app, name="bundle")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
