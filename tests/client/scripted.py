"""Replies that are written down, without a network or a clock."""

from dataclasses import dataclass, field
from typing import Any

from task2vec.client.http.connection import Retrying
from task2vec.client.methods import run
from task2vec.client.request import Reply, Request


def reply(status: int, body: bytes = b"{}", **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass
class Script:
    """Gives ``replies`` in turn; remembers what was asked and how long was slept."""

    replies: list[Reply | Exception]
    requests: list[Request[Any]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def send(self, request: Request[Any], **options: Any) -> Reply:
        """Send a request with repetitions; pauses are the longest unless ``options`` say else."""
        retrying = Retrying(
            self._send, self._sleep, **{"base": 0.25, "draw": lambda _, high: high} | options
        )
        return run(retrying(request))

    async def _send(self, request: Request[Any]) -> Reply:
        self.requests.append(request)
        given = self.replies.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
