"""Values for options that do not stand on the command line: from a TOML file, the environment."""

import os
import tomllib
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from task2vec.errors import SettingError

DEFAULT_FILE = Path("task2vec.toml")
PREFIX = "TASK2VEC"
# What a server tells its workers.
_NOT_OPTIONS = frozenset({"TASK2VEC_WORKER_PARENT"})


class Command(Protocol):
    """A command of the tree: the root and groups have ``commands`` besides."""

    params: list[Any]


def read_config(path: Path | None, command: Command) -> dict[str, Any]:
    """Return the command tree's default map: each command's own table over the keys at the top.

    ``path`` None reads ``./task2vec.toml`` where there is one. Raises `SettingError` for a file
    that is missing or no TOML, or that names an option no command has.
    """
    if path is None:
        if not DEFAULT_FILE.is_file():
            return {}
        path = DEFAULT_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingError(f"The settings in {path} cannot be read", got=reason) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingError(
            f"The settings in {path} cannot be read", expected="a TOML file", got=str(error)
        ) from error
    top = {key: value for key, value in data.items() if not isinstance(value, dict)}
    tables = {key: value for key, value in data.items() if isinstance(value, dict)}
    used: set[str] = set()
    defaults = _defaults(command, top, tables, path=path, used=used)
    for key in top:
        if _normal(key) not in used:
            raise _unknown(key, path, "no command has this option")
    return defaults


def unread_variables(command: Command, names: Iterable[str]) -> Iterator[str]:
    """Yield a warning for each variable that is called like one of a command and sets nothing.

    ``names`` are those of the environment. Others that begin with ``TASK2VEC_`` may be somebody
    else's, such as those of a container.
    """
    read, prefixes = set(_NOT_OPTIONS), set()
    for prefix, leaf in _leaves(command, PREFIX):
        prefixes.add(f"{prefix}_")
        read.update(name for option in leaf.params for name in variables_of(option, prefix))
    for name in sorted(names):
        if name.startswith(tuple(prefixes)) and name not in read:
            close = get_close_matches(name, read, n=1)
            mean = f" Did you mean {close[0]}?" if close else ""
            yield f"the environment sets {name}, which no command reads.{mean}"


def variables_of(option: Any, prefix: str | None) -> list[str]:
    """Return the variables that an option is read from; ``prefix`` is that of its command."""
    own = option.envvar or ()
    named = [own] if isinstance(own, str) else list(own)
    if prefix and option.name and getattr(option, "allow_from_autoenv", False):
        named.append(f"{prefix}_{option.name.upper()}")
    return named


def origin_of(context: Any, option: Any) -> str | None:
    """Return where a value comes from, in words; None where it stands on the command line."""
    source = context.get_parameter_source(option.name)
    match source.name if source else "":
        case "ENVIRONMENT":
            set_ = [
                v for v in variables_of(option, context.auto_envvar_prefix) if os.environ.get(v)
            ]
            return f"the environment, {set_[0]}" if set_ else "the environment"
        case "DEFAULT_MAP":
            return f"the settings file, {context.find_root().params.get('config') or DEFAULT_FILE}"
        case _:
            return None


def _leaves(command: Command, prefix: str) -> Iterator[tuple[str, Command]]:
    commands: dict[str, Command] = getattr(command, "commands", {})
    if not commands:
        yield prefix, command
    for name, child in commands.items():
        yield from _leaves(child, f"{prefix}_{name.upper().replace('-', '_')}")


def _defaults(
    command: Command,
    top: dict[str, Any],
    tables: dict[str, Any],
    *,
    path: Path,
    used: set[str],
) -> dict[str, Any]:
    commands: dict[str, Command] = getattr(command, "commands", {})
    for name in tables:
        if name not in commands:
            raise _unknown(name, path, f"expected one of {', '.join(sorted(commands))}")
    defaults: dict[str, Any] = {}
    for name, child in commands.items():
        own = tables.get(name, {})
        if getattr(child, "commands", None):
            inner = {key: value for key, value in own.items() if isinstance(value, dict)}
            group = {key: value for key, value in own.items() if key not in inner}
            meant: set[str] = set()
            defaults[name] = _defaults(child, {**top, **group}, inner, path=path, used=meant)
            for key in group:
                if _normal(key) not in meant:
                    raise _unknown(f"{name}.{key}", path, f"no command of {name} has this option")
            used |= meant
            continue
        options = {option.name for option in child.params if _is_option(option)}
        own = {_normal(key): value for key, value in own.items()}
        for key in own:
            if key not in options:
                raise _unknown(f"{name}.{key}", path, f"{name} has no such option")
        shared = {_normal(key): value for key, value in top.items() if _normal(key) in options}
        used.update(shared)
        defaults[name] = {**shared, **own}
    return defaults


def _is_option(parameter: Any) -> bool:
    """Whether a parameter is an option: what a command works on is not for a file to say."""
    return bool(parameter.param_type_name == "option" and parameter.name)


def _normal(key: str) -> str:
    # In the code json is a module and from a keyword.
    return {"json": "as_json", "from": "start"}.get(key, key.replace("-", "_"))


def _unknown(key: str, path: Path, why: str) -> SettingError:
    return SettingError(
        f"{path} sets '{key}', which means nothing: {why}",
        remedy="See `task2vec COMMAND --help` for the options.",
    )
