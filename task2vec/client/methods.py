"""From a call that is described as steps to a method of a client."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate, ParamSpec, TypeVar

from task2vec.client.asynchronous import AsyncDriver
from task2vec.client.blocking import BlockingDriver
from task2vec.client.items import Items
from task2vec.client.steps import Sender, Steps, Stream
from task2vec.client.watching import Watched

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)
M = TypeVar("M", bound=Callable[..., Any])


class Blocking:
    """A part of a blocking client: where its methods find what carries them out."""

    def __init__(self, driver: BlockingDriver, sender: Sender) -> None:
        self._driver = driver
        self._sender = sender


class Asynchronous:
    """A part of an asynchronous client."""

    def __init__(self, driver: AsyncDriver, sender: Sender) -> None:
        self._driver = driver
        self._sender = sender


def blocking(
    steps: Callable[Concatenate[Sender, P], Steps[R]],
) -> Callable[Concatenate[Any, P], R]:
    """Return a method that returns what a call ends with."""

    @wraps(steps)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with Watched(steps, args, kwargs) as given:
            return self._driver.run(steps(self._sender, *args, **given))  # type: ignore[no-any-return]

    return _named(method)


def iterating(
    steps: Callable[Concatenate[Sender, P], Stream[R]],
) -> Callable[Concatenate[Any, P], Iterator[R]]:
    """Return a method that iterates over what a call emits."""

    @wraps(steps)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
        call = Watched(steps, args, kwargs)
        found = self._driver.iterate(steps(self._sender, *args, **call.arguments))
        return Items(call.iterate(found))

    return _named(method)


def awaiting(
    steps: Callable[Concatenate[Sender, P], Steps[R]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """Return a coroutine method that returns what a call ends with."""

    @wraps(steps)
    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with Watched(steps, args, kwargs) as given:
            return await self._driver.run(steps(self._sender, *args, **given))  # type: ignore[no-any-return]

    return _named(method)


def async_iterating(
    steps: Callable[Concatenate[Sender, P], Stream[R]],
) -> Callable[Concatenate[Any, P], AsyncIterator[R]]:
    """Return a method that iterates asynchronously over what a call emits."""

    @wraps(steps)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        call = Watched(steps, args, kwargs)
        return call.iterate_async(
            self._driver.iterate(steps(self._sender, *args, **call.arguments))
        )

    return _named(method)


def described_like(model: type) -> Callable[[C], C]:
    """Give a class that is written by hand the words of another with the same methods."""

    def describe(kind: C) -> C:
        for name, member in vars(kind).items():
            if callable(member) and member.__doc__ is None and hasattr(model, name):
                member.__doc__ = getattr(model, name).__doc__
        return kind

    return describe


def _named(method: M) -> M:
    """Give a method the signature of its steps, with ``self`` in the place of the sender."""
    _, *parameters = signature(method).parameters.values()
    own = Parameter("self", Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature(method).replace(  # type: ignore[attr-defined]
        parameters=[own, *parameters], return_annotation=Parameter.empty
    )
    return method
