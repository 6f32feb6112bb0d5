"""One setting: its default, what it means and what it may be, all in one place."""

from dataclasses import Field, field
from typing import Any

from task2vec.errors import SettingError


def setting(
    default: Any,
    meaning: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Return a dataclass field for a setting.

    Args:
        default: its value where nobody says otherwise.
        meaning: what it does, for `--help` and `--show-settings`.
        at_least: the smallest value, of every number where there are several.
        at_most: the largest.
        choices: the only values, where they are few.
    """
    bounds = {"at_least": at_least, "at_most": at_most, "choices": choices}
    return field(default=default, metadata={"meaning": meaning, **bounds})


def check(declared: Field[Any], value: Any) -> None:
    """Raise `SettingError` for a value outside of what a setting may be."""
    if value is None:
        return
    low, high = declared.metadata["at_least"], declared.metadata["at_most"]
    choices = declared.metadata["choices"]
    if choices and value not in choices:
        raise _refused(declared, value, f"one of {', '.join(choices)}")
    if low is not None and not value >= low:
        raise _refused(declared, value, f"{low:g} or more")
    if high is not None and not value <= high:
        raise _refused(declared, value, f"{high:g} or less")


def _refused(declared: Field[Any], value: Any, expected: str) -> SettingError:
    return SettingError(
        f"The setting {declared.name} cannot be used",
        expected=expected,
        got=str(value),
        remedy="`task2vec serve --show-settings` explains each setting.",
    )
