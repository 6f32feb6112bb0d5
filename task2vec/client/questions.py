"""Questions from plain arguments, and the names of what is stored."""

from collections.abc import Iterable
from enum import Enum
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, Field, ValidationError

from task2vec.data.wording import typed
from task2vec.errors import SettingError, WrongTypeError
from task2vec.messages.base import Question
from task2vec.messages.faults import true_faults

M = TypeVar("M", bound=BaseModel)


class Identified(Protocol):
    """What a client returns of something stored."""

    @property
    def id(self) -> str:
        """Its id, by which it is found whatever it is called."""
        ...


class Paged(Question):
    """How many of a long list come at a time; None leaves it to the client."""

    page_size: int | None = Field(None, ge=1, le=1000)


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
    several = tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else None
    if several is None or not all(isinstance(each, str) for each in several):
        raise WrongTypeError.of(
            argument, expected="a list of texts, such as ['animals', 'birds']", got=given
        )
    return several


def id_of(given: Identified | str) -> str:
    """Return a name or id as it is, and the id of what a client returned.

    Raises `WrongTypeError` for anything else.
    """
    name = given if isinstance(given, str) else getattr(given, "id", None)
    if not isinstance(name, str):
        raise WrongTypeError.of(
            "name", expected="a name, an id, or what a client returned", got=given
        )
    return name


def size_of_pages(page_size: int | None) -> int | None:
    """Return how many of a list are asked for at a time; raises `SettingError` out of range."""
    return ask(Paged, page_size=page_size).page_size


def check_stored_probe(task: str, *, embedded: str, given: str | None) -> None:
    """Raise `SettingError` where a stored task was ``embedded`` with another probe than ``given``.

    ``given`` is None where no probe was.
    """
    if given is not None and given != embedded:
        raise SettingError(
            f"'{task}' is a stored task, which is not embedded again",
            expected=f"its own probe, {embedded}, or none",
            got=f"the probe {given}",
            remedy=f"Leave out the probe, or store the task by the other one under another name: "
            f"`task2vec embed FOLDER --name NAME --probe {typed(given)}`.",
        )


def _shown(given: Any) -> str:
    return repr(given.value if isinstance(given, Enum) else given)[:100]


def in_our_words(text: str) -> str:
    """Return what pydantic says of a value as we say it."""
    for theirs, ours in _WORDS:
        text = text.replace(theirs, ours)
    return text
