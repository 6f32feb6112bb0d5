"""How answers show themselves in a notebook or a terminal.

What is shown is registered from outside (`functools.singledispatch`), by who knows of HTML and
rich; the messages stay free of both.
"""

from functools import singledispatch
from typing import Any


@singledispatch
def as_html(answer: Any) -> str | None:  # noqa: ARG001
    """Return HTML for a notebook; None lets it show the plain text."""
    return None


@singledispatch
def as_line(answer: Any) -> str | None:  # noqa: ARG001
    """Return one line of text; None lets it show its fields."""
    return None


@singledispatch
def as_rich(answer: Any) -> Any:
    """Return what rich prints; the plain text, where nothing is registered."""
    return repr(answer)
