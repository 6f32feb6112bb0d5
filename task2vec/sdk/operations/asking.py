"""Questions from plain arguments."""

from enum import Enum
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from task2vec.errors import SettingError
from task2vec.wire.faults import true_faults

M = TypeVar("M", bound=BaseModel)

#: pydantic's words and ours.
_WORDS = (
    ("Input should be ", ""),
    ("Value error, ", ""),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
)


def ask(question: type[M], **arguments: Any) -> M:
    """Return a question, or raise `SettingError` that names the faulty arguments."""
    try:
        return question(**arguments)
    except ValidationError as error:
        faults = true_faults(error.errors(include_url=False))
        names = ", ".join(".".join(str(part) for part in fault["loc"]) for fault in faults)
        raise SettingError(
            f"{'This name' if names == 'name' else names or 'The question'} cannot be used",
            expected="; ".join(in_our_words(fault["msg"]) for fault in faults),
            got=", ".join(_shown(fault["input"]) for fault in faults),
        ) from None


def _shown(given: Any) -> str:
    return repr(given.value if isinstance(given, Enum) else given)[:100]


def in_our_words(text: str) -> str:
    """Return what pydantic says of a value as we say it."""
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    return text
