"""Ids, times and names of what is stored."""

import difflib
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from task2vec.errors import SettingError, UnknownNameError
from task2vec.types.names import LONGEST_NAME, is_name

_ID = re.compile(r"(tsk|mdl|out)_[0-9a-f]{16}")


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 64 random bits in hexadecimal."""
    return f"{prefix}_{secrets.token_hex(8)}"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def check_name(name: str) -> None:
    """Raise `SettingError` for a name that could not be typed, shown, or told from an id."""
    if not is_name(name) or _ID.fullmatch(name):
        raise SettingError(
            "This name cannot be used",
            expected=f"1 to {LONGEST_NAME} printable characters that do not look like an id",
            got=repr(name[: LONGEST_NAME + 1]),
        )


def unknown(kind: str, *, asked: str, names: Iterable[str]) -> UnknownNameError:
    """Return the error for a ``kind`` that nothing is called ``asked``, with close matches."""
    close = difflib.get_close_matches(asked, list(names), n=3)
    return UnknownNameError(
        f"No {kind} has the name or id '{asked}'",
        remedy=f"Did you mean {' or '.join(map(repr, close))}?" if close else None,
    )
