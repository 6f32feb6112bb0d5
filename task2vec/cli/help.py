"""The layout of `--help`: commands in groups, options in panels, variables told once."""

from typing import Any

from typer.core import TyperGroup

COMMANDS = {
    "Embed and compare tasks": (
        *("embed", "batch", "list", "show", "export", "remove"),
        *("neighbours", "distance", "map", "information"),
    ),
    "Choose and train a model": (
        *("recommend", "finetune", "predict", "models", "outcomes", "backtest"),
    ),
    "Run a server": ("serve", "worker", "jobs", "keys"),
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
is `--budget` of `recommend`. `TASK2VEC_STORE`, `TASK2VEC_URL`, `TASK2VEC_API_KEY` and
`TASK2VEC_JSON` hold for all commands. A file `task2vec.toml` does the same; the command line wins.
"""


class HelpGroup(TyperGroup):
    """The root of the command tree, which lays out the help of all commands below it."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, group by group."""
        order = [name for names in COMMANDS.values() for name in names]
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: order.index(name) if name in order else len(order))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command with its help laid out, None for an unknown name."""
        command: Any = super().get_command(ctx, cmd_name)
        if command is not None:
            command.rich_help_panel = _panel(cmd_name, COMMANDS)
            _lay_out(command)
        return command

    def get_params(self, ctx: Any) -> Any:
        """Return the root's own options."""
        params = super().get_params(ctx)
        for param in params:
            _quieten(param)
        return params


def _lay_out(command: Any) -> None:
    for param in command.params:
        _quieten(param)
        if param.param_type_name == "option" and param.rich_help_panel is None:
            param.rich_help_panel = _panel(param.name, OPTIONS)
    for child in getattr(command, "commands", {}).values():
        _lay_out(child)


def _quieten(param: Any) -> None:
    # The epilogue of the root tells the rule.
    param.show_envvar = False


def _panel(name: str, panels: dict[str, tuple[str, ...]]) -> str | None:
    return next((panel for panel, names in panels.items() if name in names), None)
