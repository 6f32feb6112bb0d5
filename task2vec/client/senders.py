"""What is between a call and the network: each sender wraps another."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from task2vec.client.problems import is_unknown, raise_for
from task2vec.client.request import Answer, Method, Request
from task2vec.client.steps import Exchange, Listen, Listener, Sender, Sleep, Steps
from task2vec.errors import UnreachableError

T = TypeVar("T")

_KEY = "Idempotency-Key"

#: The server, or a proxy before it, is busy, restarting, or has not finished the same request.
_PASSING = frozenset({429, 502, 503})
_LONGEST_PAUSE = 60.0
_REMOVED = 204
_BAD_GATEWAY = 502


def call(sender: Sender, request: Request[T]) -> Steps[T]:
    """Send a request and read the answer; raises what a refusal stands for."""
    answer = yield from sender.send(request)
    raise_for(answer)
    return request.read(answer)


class Direct:
    """Hands requests to whatever carries out the steps: the innermost sender."""

    def send(self, request: Request[Any]) -> Steps[Answer]:
        """Send it once."""
        answer: Answer = yield Exchange(request)
        return answer

    def listen(self, request: Request[Any]) -> Steps[Listener | Answer]:
        """Open it once."""
        opened: Listener | Answer = yield Listen(request)
        return opened


@dataclass(frozen=True)
class Adding:
    """Adds headers that every request has."""

    inner: Sender
    headers: dict[str, str]

    def __repr__(self) -> str:
        # One of the headers is the key.
        return f"Adding({self.inner!r}, {sorted(self.headers)})"

    def send(self, request: Request[Any]) -> Steps[Answer]:
        """Send it with the headers."""
        return self.inner.send(request.with_headers(**self.headers))

    def listen(self, request: Request[Any]) -> Steps[Listener | Answer]:
        """Open it with the headers."""
        return self.inner.listen(request.with_headers(**self.headers))


@dataclass(frozen=True)
class Keyed:
    """Gives each POST a key, by which the server knows a repetition."""

    inner: Sender
    new_key: Callable[[], str] = lambda: secrets.token_hex(16)

    def send(self, request: Request[Any]) -> Steps[Answer]:
        """Send it with a key of its own."""
        if request.method is Method.POST:
            request = request.with_headers(**{_KEY: self.new_key()})
        return self.inner.send(request)

    def listen(self, request: Request[Any]) -> Steps[Listener | Answer]:
        """Open it; it changes nothing."""
        return self.inner.listen(request)


@dataclass(frozen=True)
class Retrying:
    """Sends again what may be sent twice, after a pause.

    The pause before repetition n is drawn evenly from 0 to ``base * 2**n`` seconds (full jitter:
    clients that failed together do not come back together), or is what the server asks for in
    ``Retry-After``. What is not answered is repeated if a repetition cannot do harm. A removal
    whose answer was lost has succeeded when its repetition finds nothing left.
    """

    inner: Sender
    tries: int = 5
    base: float = 0.25
    draw: Callable[[float, float], float] = random.uniform

    def send(self, request: Request[Any]) -> Steps[Answer]:
        """Send it until it is answered, at most ``tries`` times."""
        lost = False
        for attempt in range(1, self.tries + 1):
            last = attempt == self.tries
            asked: float | None = None
            try:
                answer = yield from self.inner.send(request)
            except UnreachableError:
                if last or not _repeatable(request):
                    raise
                lost = True
            else:
                if lost and request.method is Method.DELETE and is_unknown(answer):
                    return replace(answer, status=_REMOVED, content=b"")
                # A proxy says so too when the server broke off after it had done its work.
                lost = lost or answer.status == _BAD_GATEWAY
                asked = _pause_asked_for(answer)
                passing = answer.status in _PASSING or (answer.status == 409 and asked is not None)
                if last or not passing or not _repeatable(request) or (asked or 0) > _LONGEST_PAUSE:
                    return answer
            ceiling = self.base * 2**attempt
            # Never before the time that was asked for, and not all at that very time either.
            yield Sleep(self.draw(0, ceiling) + (asked or 0))
        raise AssertionError("unreachable: the last try returns or raises")

    def listen(self, request: Request[Any]) -> Steps[Listener | Answer]:
        """Open it once: the listener knows where to resume."""
        return self.inner.listen(request)


def _repeatable(request: Request[Any]) -> bool:
    return request.method in (Method.GET, Method.DELETE) or _KEY in request.headers


def _pause_asked_for(answer: Answer) -> float | None:
    try:
        return max(0.0, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
