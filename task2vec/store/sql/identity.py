"""Ids, times and names of what is stored."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from task2vec.errors import SettingError, UnknownNameError
from task2vec.types.names import check_name as check_name
from task2vec.types.near_names import did_you_mean


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 64 random bits in hexadecimal."""
    return f"{prefix}_{secrets.token_hex(8)}"


def now() -> str:
    """Return the time in UTC as the database has it: ISO 8601, to the millisecond."""
    return time_text(datetime.now(UTC))


def time_text(moment: datetime) -> str:
    """Return a moment in UTC as the database has it."""
    return moment.isoformat(timespec="milliseconds")


def as_stored(moment: str) -> str:
    """Return a moment in ISO 8601 as `now` writes it; one without a zone is in UTC.

    Raises:
        SettingError: for a text that is no moment.
    """
    try:
        found = datetime.fromisoformat(moment)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    # The zone of a time in the year 1 or 9999 may lead out of the calendar.
    except (ValueError, OverflowError):
        raise SettingError(
            "This is no moment",
            expected="one in ISO 8601, such as 2026-11-26T20:46:58.123Z",
            got=repr(moment[:100]),
        ) from None
    return time_text(found)


#: The command that lists all of a kind.
LISTED_BY = {
    "bundle": "List all bundles: `task2vec bundle list`.",
    "model": "List all models: `task2vec models list`.",
    "task": "List all tasks: `task2vec list`.",
}


def unknown(
    kind: str, *, asked: str, names: Iterable[str], near: str | None = None
) -> UnknownNameError:
    """Return the error for a ``kind`` that nothing is called ``asked``, with close matches.

    ``near`` is asked back instead of the close matches among ``names``.
    """
    remedy = (near or did_you_mean(asked, names), LISTED_BY.get(kind))
    return UnknownNameError(
        f"No {kind} has the name or id '{asked}'",
        remedy=" ".join(filter(None, remedy)) or None,
    )
