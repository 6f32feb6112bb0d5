"""Ids, times and names of what is stored."""

import difflib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from task2vec.errors import UnknownNameError
from task2vec.types.names import check_name as check_name


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 64 random bits in hexadecimal."""
    return f"{prefix}_{secrets.token_hex(8)}"


def now() -> str:
    """Return the time in UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


#: Where to look for what nothing is close to.
_SHOWN_BY = {
    "model": "`task2vec models list` shows all; `task2vec models add` registers another.",
    "task": "`task2vec list` shows all.",
}


def unknown(kind: str, *, asked: str, names: Iterable[str]) -> UnknownNameError:
    """Return the error for a ``kind`` that nothing is called ``asked``, with close matches."""
    close = difflib.get_close_matches(asked, list(names), n=3)
    return UnknownNameError(
        f"No {kind} has the name or id '{asked}'",
        remedy=f"Did you mean {' or '.join(map(repr, close))}?" if close else _SHOWN_BY.get(kind),
    )
