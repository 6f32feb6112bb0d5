"""Structured values as JSON text in one column, whatever the SQL dialect."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from task2vec.errors import SettingError, StoreCorruptError
from task2vec.store.sql.checksums import OR_RESTORE, RESTORE

R = TypeVar("R")


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


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def record_of(
    kind: Callable[..., R], columns: Mapping[str, Any], *, what: str, remedy: str = RESTORE
) -> R:
    """Return the message or record that a row holds; columns that it has no field for are left out.

    Raises:
        StoreCorruptError: for values that it cannot have.
    """
    try:
        record: R = _adapter(kind).validate_python(columns)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreCorruptError(
            f"{what} is damaged in the store", got=str(error), remedy=remedy
        ) from error
    return record
