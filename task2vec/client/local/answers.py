"""From what the use cases return to the messages that every client returns."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from task2vec.messages.base import Answer
from task2vec.messages.tasks import Task, TaskDetails

if TYPE_CHECKING:
    from task2vec.types import TaskRecord

A = TypeVar("A", bound=Answer)


def answer(kind: type[A], found: Answer | Mapping[str, Any]) -> A:
    """Return a message as a client has it, from that of a use case or the fields of what it found.

    A number that JSON does not have (nan, infinity) is None, as it is from a server.
    """
    fields = found.model_dump() if isinstance(found, Answer) else found
    return kind.model_validate(_plain(fields))


def task(record: "TaskRecord") -> Task:
    """Return a task."""
    return answer(Task, record.to_json())


def details(record: "TaskRecord") -> TaskDetails:
    """Return a task with what its embedding depends on."""
    more = {
        "provenance": record.provenance.model_dump(),
        "source": record.source,
        "created": record.created,
    }
    return answer(TaskDetails, {**record.to_json(), **more})


def _plain(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(value) for value in data]
    return data
