"""Questions from plain arguments."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from task2vec.errors import SettingError, WrongTypeError
from task2vec.messages.faults import true_faults

M = TypeVar("M", bound=BaseModel)

#: How pydantic's kinds of faults end where a value has the wrong type.
_WRONG_TYPE = ("_type", "_parsing")
#: pydantic's words and ours.
_WORDS = (
    ("Input should be ", ""),
    ("Value error, ", ""),
    ("greater than or equal to", "at least"),
    ("less than or equal to", "at most"),
)


def ask(question: type[M], **arguments: Any) -> M:
    """Return a question.

    Raises `SettingError` that names the faulty arguments, `WrongTypeError` where their types are
    at fault.
    """
    try:
        return question(**arguments)
    except ValidationError as error:
        faults = true_faults(error.errors(include_url=False))
        names = ", ".join(".".join(str(part) for part in fault["loc"]) for fault in faults)
        wrong = all(fault["type"].endswith(_WRONG_TYPE) for fault in faults)
        raise (WrongTypeError if wrong else SettingError)(
            f"{'This name' if names == 'name' else names or 'The question'} cannot be used",
            expected="; ".join(in_our_words(fault["msg"]) for fault in faults),
            got=", ".join(_shown(fault["input"]) for fault in faults),
        ) from None


def texts(argument: str, given: object) -> tuple[str, ...]:
    """Return several texts as a tuple; raises `WrongTypeError` for anything else, one text too."""
    found = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if found is None or not all(isinstance(each, str) for each in found):
        raise WrongTypeError.of(
            argument, expected="a list of texts, such as ['animals', 'birds']", got=given
        )
    return found


def _shown(given: Any) -> str:
    return repr(given.value if isinstance(given, Enum) else given)[:100]


def in_our_words(text: str) -> str:
    """Return what pydantic says of a value as we say it."""
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    return text
