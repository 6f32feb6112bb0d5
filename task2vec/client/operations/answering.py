"""Questions that are answered at once, or by a job where a data set must be embedded first."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel

from task2vec.client.operations.waiting import Told, wait_for
from task2vec.client.problems import raise_for
from task2vec.client.request import Answer, post, reader, understood
from task2vec.client.steps import Sender, Steps
from task2vec.messages.jobs import Job

M = TypeVar("M", bound=BaseModel)

_ACCEPTED = 202


def answer(
    sender: Sender,
    path: str,
    question: BaseModel,
    *,
    kind: type[M],
    progress: Told | None = None,
) -> Steps[M]:
    """Ask, and wait where the answer takes a job."""
    came: Answer = yield from sender.send(post(path, kind, question))
    raise_for(came)
    if came.status != _ACCEPTED:
        return reader(kind)(came)
    read: Callable[[Answer], Job] = reader(Job)
    done = yield from wait_for(sender, read(came), progress=progress)
    return understood(kind, done.result)
