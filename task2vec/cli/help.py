"""The layout of `--help`: commands in groups, options in panels, variables and values named."""

from enum import StrEnum
from typing import Any

from typer.core import TyperGroup

COMMANDS = {
    "Embed and compare tasks": (
        *("embed", "batch", "list", "show", "export", "remove"),
        *("neighbours", "distance", "map", "information"),
    ),
    "Choose and train a model": (
        *("recommend", "finetune", "evaluate", "predict", "models", "outcomes", "backtest"),
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
