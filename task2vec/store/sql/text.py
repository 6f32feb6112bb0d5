"""Structured values as JSON text in one column, whatever the SQL dialect."""

import json
from typing import Any

from task2vec.errors import SettingError, StoreCorruptError
from task2vec.store.sql.checksums import OR_RESTORE


def dump(value: Any, *, what: str) -> str:
    """Return JSON with sorted keys, so that equal values are equal text.

    Raises:
        SettingError: for what JSON cannot hold.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise SettingError(f"{what} cannot be stored", expected="JSON", got=str(error)) from error


def load(text: str, *, what: str) -> Any:
    """Return the value that `dump` wrote.

    Raises:
        StoreCorruptError: for anything else.
    """
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store",
            got=str(error),
            remedy=f"Remove it and add it again, {OR_RESTORE}",
        ) from error
