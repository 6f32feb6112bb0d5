"""Questions from plain arguments."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from task2vec.errors import SettingError

M = TypeVar("M", bound=BaseModel)


def ask(question: type[M], **arguments: Any) -> M:
    """Return a question, or raise `SettingError` that names the faulty arguments."""
    try:
        return question(**arguments)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        names = ", ".join(".".join(str(part) for part in fault["loc"]) for fault in faults)
        raise SettingError(
            f"{names or 'The question'} cannot be used",
            expected="; ".join(fault["msg"].removeprefix("Input should be ") for fault in faults),
            got=", ".join(repr(fault["input"])[:100] for fault in faults),
        ) from None
