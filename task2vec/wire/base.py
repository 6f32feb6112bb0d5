"""What all messages share."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from task2vec.wire.showing import as_html, as_rich


class Question(BaseModel):
    """What a client sends. A field that is not known is an error: a typing slip must not pass."""

    # Building a schema takes a millisecond: an import pays for none, a program for what it uses.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Answer(BaseModel):
    """What the server sends. Fields of a later server are passed over by an earlier client."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True, defer_build=True)

    def _repr_html_(self) -> str | None:
        return as_html(self)

    def __rich__(self) -> Any:
        return as_rich(self)


class Page(Answer):
    """A part of a list; ``next_page_token`` asks for the next one, None at the end."""

    next_page_token: str | None = Field(
        None, description="Give it as `page_token` to read on; null at the end."
    )


def _printable(text: str) -> str:
    # Control characters would forge lines of logs and of terminals.
    if not text.isprintable():
        raise ValueError("must hold printable characters only")
    return text


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
"""What people call a task, a model or a tag."""

Tags = Annotated[tuple[Name, ...], Field(max_length=50)]

Fraction = Annotated[float, Field(ge=0, le=1)]
"""A share, such as an accuracy: 0.83 is 83 %."""

Time = datetime
"""A moment in UTC."""
