"""The steps that a call consists of: what is to be done, not how.

A call is a generator. It yields a step, and is resumed with what came of it, or with the error that
was raised.
"""

from collections.abc import Callable, Collection, Generator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from task2vec.client.request import Answer, Request

R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Exchange:
    """Send a request; comes back as an `Answer`."""

    request: Request[Any]


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    id: str
    data: str


class Listener(Protocol):
    """An open stream of events."""


@dataclass(frozen=True)
class Listen:
    """Open a stream of events; comes back as a `Listener`, or an `Answer` that refuses it."""

    request: Request[Any]


@dataclass(frozen=True)
class Hear:
    """Wait for the next event; comes back as an `Event`, or None where the stream has ended."""

    listener: Listener


@dataclass(frozen=True)
class Leave:
    """Close a stream of events."""

    listener: Listener


@dataclass(frozen=True)
class Sleep:
    """Do nothing for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Compute:
    """Call a function that takes its time, such as one that reads many files."""

    function: Callable[[], Any]


class Running(Protocol[T_co]):
    """Steps that are carried out at the side."""

    def result(self) -> T_co:
        """Return what came of them, or raise; call it once they have ended."""
        ...


@dataclass(frozen=True)
class Start:
    """Carry out other steps at the side; comes back as `Running`."""

    steps: "Steps[Any]"


@dataclass(frozen=True)
class Await:
    """Wait for the first of some to end; comes back as the set of those that have."""

    running: Collection[Running[Any]]
    seconds: float


@dataclass(frozen=True)
class Emit(Generic[T_co]):
    """Give one thing to the iterating caller."""

    item: T_co


Step = Exchange | Listen | Hear | Leave | Sleep | Compute | Start | Await

Steps = Generator[Step, Any, R]
"""A call that ends with one result."""

Stream = Generator[Step | Emit[R], Any, None]
"""A call that is iterated over."""


def compute(function: Callable[[], R]) -> Steps[R]:
    """Have a slow function called."""
    found: R = yield Compute(function)
    return found


def consume(stream: Stream[R], take: Callable[[R], None]) -> Steps[None]:
    """Carry out a stream within a call, and hand each item to ``take``."""
    value: Any = None
    error: BaseException | None = None
    while True:
        try:
            step = stream.send(value) if error is None else stream.throw(error)
        except StopIteration:
            return
        value, error = None, None
        try:
            if isinstance(step, Emit):
                take(step.item)
            else:
                value = yield step
        # Whatever it is, the stream decides what it means.
        except BaseException as raised:
            error = raised


class Sender(Protocol):
    """Sends a request, whatever that takes."""

    def send(self, request: Request[Any]) -> Steps[Answer]:
        """Return the answer, a refusal too; raises `ServiceError` where there is none."""
        ...

    def listen(self, request: Request[Any]) -> Steps["Listener | Answer"]:
        """Open a stream of events."""
        ...
