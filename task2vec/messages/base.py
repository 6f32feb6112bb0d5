"""What all messages share."""

from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from task2vec.messages.showing import as_html, as_line, as_rich
from task2vec.types.names import (
    LONGEST_NAME,
    MOST_TAGS,
    NAME_PATTERN,
    NEW_NAME_PATTERN,
    is_name,
)

T = TypeVar("T")


def finite(number: float | None) -> float | None:
    """Return a number as an answer holds it: None for infinity and nan, which JSON has not."""
    return number if number is not None and isfinite(number) else None


Many = Annotated[tuple[T, ...], Field(fail_fast=True)]
"""A list that a client sends. Its first faulty item is told: one fault for each of a million items
would take gigabytes."""

_MOST_FIELDS = 100

#: The largest up to which every reader of JSON keeps all whole numbers exactly.
MOST_WHOLE = 2**53


class Question(BaseModel):
    """What a client sends. A field that is not known is an error: a typing slip must not pass."""

    # Building a schema takes a millisecond: an import pays for none, a program for what it uses.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:
        # As for lists: each unknown field would be a fault of its own.
        if isinstance(data, dict) and len(data) > _MOST_FIELDS:
            raise ValueError(f"more than {_MOST_FIELDS} fields")
        return data


class Answer(BaseModel):
    """What the server sends. Fields of a later server are passed over by an earlier client."""

    # A message with more fields than are asked for is cut to those.
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        from_attributes=True,
        revalidate_instances="subclass-instances",
        defer_build=True,
    )

    def __repr__(self) -> str:
        return as_line(self) or super().__repr__()

    __str__ = __repr__

    def _repr_html_(self) -> str | None:
        return as_html(self)

    def __rich__(self) -> Any:
        return as_rich(self)


class Page(Answer):
    """A part of a list; ``next_page_token`` asks for the next one, None at the end."""

    next_page_token: str | None = Field(
        None, description="Give it as `page_token` to read on; null at the end."
    )


def _shown(text: str) -> str:
    if not is_name(text):
        raise ValueError("must hold printable characters only, and no space at its ends")
    return text


# The pattern is for readers of the schema: pydantic's engine knows no escape of this kind.
Name = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"pattern": NAME_PATTERN}),
    AfterValidator(_shown),
]
"""What people call a task, a model or a tag."""

# The store refuses what the pattern does: it knows which names are new.
NewName = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_NAME, json_schema_extra={"pattern": NEW_NAME_PATTERN}),
    AfterValidator(_shown),
]
"""What a task, a model or a data set is to be called."""

EITHER_TASK_OR_DATASET: JsonDict = {
    "oneOf": [
        {"required": [given], "properties": {given: {"type": "string"}, other: {"type": "null"}}}
        for given, other in (("task", "dataset"), ("dataset", "task"))
    ]
}
"""For the JSON Schema of a question about a stored task or a data set."""

Tags = Annotated[Many[Name], Field(max_length=MOST_TAGS)]

Fraction = Annotated[float, Field(ge=0, le=1)]
"""A share, such as an accuracy: 0.83 is 83 %."""

Time = datetime
"""A moment in UTC."""


def utc_now() -> Time:
    """Return the time, to the millisecond."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _ending_in_z(text: str) -> str:
    return text.replace("+00:00", "Z")


TimeText = Annotated[str, AfterValidator(_ending_in_z)]
"""A moment in UTC as a text, written as `Time` is; empty for what was always there."""
