"""What a client is given for something stored: its name or id, or what a client returned of it."""

from typing import Protocol

from pydantic import Field

from task2vec.client.operations.asking import ask
from task2vec.errors import WrongTypeError
from task2vec.messages.base import Question


class Identified(Protocol):
    """What a client returns of something stored."""

    @property
    def id(self) -> str:
        """Its id, by which it is found whatever it is called."""
        ...


class Paged(Question):
    """How many of a long list come at a time; None leaves it to the client."""

    page_size: int | None = Field(None, ge=1, le=1000)


def id_of(given: Identified | str) -> str:
    """Return a name or id as it is, and the id of what a client returned.

    Raises `WrongTypeError` for anything else.
    """
    found = given if isinstance(given, str) else getattr(given, "id", None)
    if not isinstance(found, str):
        raise WrongTypeError.of(
            "name", expected="a name, an id, or what a client returned", got=given
        )
    return found


def size_of_pages(page_size: int | None) -> int | None:
    """Return how many of a list are asked for at a time; raises `SettingError` out of range."""
    return ask(Paged, page_size=page_size).page_size
