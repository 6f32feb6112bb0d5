"""The command tree."""

import os
from pathlib import Path
from typing import Annotated

import typer

from task2vec.cli import (
    backtest,
    batch,
    evaluate,
    finetune,
    information,
    jobs,
    keys,
    models,
    neighbours,
    outcomes,
    predict,
    recommend,
    serve,
    task_map,
    tasks,
    upkeep,
    worker,
)
from task2vec.cli.config import PREFIX, read_config, unread_variables
from task2vec.cli.help import VARIABLES, HelpGroup
from task2vec.cli.output import console, warn
from task2vec.cli.place import place
from task2vec.version import __version__

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
    evaluate,
    predict,
    information,
    task_map,
    serve,
    worker,
    upkeep,
):
    app.add_typer(part.app)
app.add_typer(models.app, name="models")
app.add_typer(outcomes.app, name="outcomes")
app.add_typer(jobs.app, name="jobs")
app.add_typer(keys.app, name="keys")
