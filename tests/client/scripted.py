"""Carries out steps against answers that are written down, without a network or a clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from task2vec.client.request import Answer, Request
from task2vec.client.steps import Compute, Exchange, Listen, Sleep

Reply = Answer | Exception


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass
class Script:
    """Gives ``replies`` in turn; remembers what was asked and how long was slept."""

    replies: list[Reply]
    requests: list[Request[Any]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def run(self, steps: Any) -> Any:
        value: Any = None
        error: Exception | None = None
        while True:
            try:
                step = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as ended:
                return ended.value
            value, error = None, None
            try:
                value = self._perform(step)
            except Exception as raised:
                error = raised

    def _perform(self, step: Any) -> Any:
        match step:
            case Exchange(request) | Listen(request):
                self.requests.append(request)
                reply = self.replies.pop(0)
                if isinstance(reply, Exception):
                    raise reply
                return reply
            case Sleep(seconds):
                self.slept.append(seconds)
                return None
            case Compute(function):
                made: Callable[[], Any] = function
                return made()
        raise AssertionError(step)
