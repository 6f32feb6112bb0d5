"""The reference of the command line, read off its command tree."""

import inspect
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from docs.markdown import GENERATED, table
from task2vec.cli.app import app, choices, value_name

PROGRAM = "task2vec"

_HEADER = f"""\
{GENERATED}

# Command line

Data goes to stdout: tables for people, JSON with `--json` (its fields: [json.md](json.md)).
Progress and messages go to stderr. A terminal shows bars. Logs, `nohup` and notebooks get plain
lines: the first after 10 seconds, then one when a stage begins, at most one every 10 seconds, and
one every 30 seconds while the stage stays the same.

Exit codes: 0 done; 1 some items failed; 2 wrong usage or bad input; 3 no decision, or nothing
found; 130 interrupted.

An option takes its value from the command line, else from its environment variable, else from
`task2vec.toml`, else its default: see [settings](quick-start.md#settings).

"""

# Of the shell, not of the job; typer adds them to every program.
_HIDDEN = frozenset({"--install-completion", "--show-completion"})


def command_reference() -> str:
    """Return the Markdown page of all commands with their arguments, options and help."""
    root: Any = get_command(app)
    sections = list(_sections(root, (PROGRAM,)))
    toc = "\n".join(f"- [{' '.join(path)}](#{'-'.join(path)})" for path, _ in sections)
    return _HEADER + toc + "\n\n" + "\n".join(text for _, text in sections)


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command of the tree with its path, groups and the root included."""
    yield from _walk(get_command(app), (PROGRAM,))


def _walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk(child, (*path, name))


def _sections(root: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for where, command in _walk(root, path):
        if not command.hidden:
            yield where, _section(command, where)


def _section(command: Any, path: tuple[str, ...]) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [
        p for p in command.params if p.param_type_name == "option" and not _HIDDEN & set(p.opts)
    ]
    usage = [*path, "[OPTIONS]", *(_placeholder(a) for a in arguments)]
    if getattr(command, "commands", None):
        usage.append("COMMAND ...")
    parts = [
        f"## {' '.join(path)}",
        f"```text\n{' '.join(usage)}\n```",
        inspect.cleandoc(command.help or ""),
        inspect.cleandoc(command.epilog or ""),
    ]
    if arguments:
        explained = [(f"`{value_name(a)}`", a.help or "") for a in arguments]
        parts.append(table(("argument", "meaning"), explained))
    if options:
        rows = [
            (_names(o), _default(o), _variable(o, path), (o.help or "") + choices(o) + _bounds(o))
            for o in options
        ]
        parts.append(table(("option", "default", "environment", "meaning"), rows))
    return "\n\n".join(filter(None, parts)) + "\n"


def _names(option: Any) -> str:
    names = ", ".join([*sorted(option.opts, key=len, reverse=True), *option.secondary_opts])
    return f"`{names}`" if option.is_flag else f"`{names} {value_name(option)}`"


def _placeholder(argument: Any) -> str:
    text = value_name(argument) + ("..." if argument.nargs != 1 else "")
    return text if argument.required else f"[{text}]"


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.is_flag:
        return "on" if option.default is True else ""
    if isinstance(option.default, list | tuple):
        return ", ".join(f"`{one}`" for one in option.default)
    return "" if option.default is None else f"`{option.default}`"


def _bounds(option: Any) -> str:
    bounds = (("At least", option.min), ("At most", option.max))
    return "".join(f" {words} {bound}." for words, bound in bounds if bound is not None)


def _variable(option: Any, path: tuple[str, ...]) -> str:
    if option.envvar is None and not option.allow_from_autoenv:
        return ""
    # The rule of the command tree's `auto_envvar_prefix`.
    name = option.envvar or "_".join((*path, option.name)).upper().replace("-", "_")
    return f"`{name}`"
