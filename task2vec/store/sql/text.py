"""Structured values as JSON text in one column, whatever the SQL dialect."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from task2vec.errors import SettingError, StoreCorruptError
from task2vec.store.sql.checksums import OR_RESTORE, RESTORE

M = TypeVar("M", bound=BaseModel)


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


def message_of(kind: type[M], columns: Mapping[str, Any], *, what: str) -> M:
    """Return the message that a row holds.

    Raises:
        StoreCorruptError: for values that it cannot have.
    """
    try:
        return kind.model_validate(columns)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store", got=str(error), remedy=RESTORE
        ) from error
