"""A method of all clients, written once as a coroutine: a blocking client runs it to its end."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from task2vec.client.backend import Backend
from task2vec.client.watching import Watched

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Blocking:
    """The mode of a client whose methods return results."""


class Asynchronous:
    """The mode of a client whose methods are awaited, or iterated over asynchronously."""


M = TypeVar("M", bound=Blocking | Asynchronous)


class Part(Generic[M]):
    """A client, or a part of one such as its ``tasks``: methods on one backend."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend


class Items(Iterator[T], Generic[T]):
    """A long list that is read as it is iterated over; its `repr` says how to read its items."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._read = 0

    def __next__(self) -> T:
        """Return the next item."""
        item = next(self._items)
        self._read += 1
        return item

    def __repr__(self) -> str:
        """Return how many items were read, and how to read all."""
        return f"<{self._read:,} items read so far; list(...) reads all>"

    def close(self) -> None:
        """Read no more, and give up what the reading holds, such as a connection."""
        close = getattr(self._items, "close", None)
        if close is not None:
            close()
        self._items = iter(())


def run(steps: Awaitable[R]) -> R:
    """Carry out a coroutine whose backend blocks, and so never gives way."""
    waiting = steps.__await__()
    try:
        next(waiting)
    except StopIteration as ended:
        result: R = ended.value
        return result
    raise AssertionError("the backend gave way, and there is no event loop")


def iterate(stream: AsyncGenerator[R, None]) -> Iterator[R]:
    """Carry out an asynchronous iteration as far as its items are asked for."""
    try:
        while True:
            try:
                item = run(anext(stream))
            except StopAsyncIteration:
                return
            yield item
    finally:
        # An iteration that ends early closes what it opened.
        run(stream.aclose())


def blocking(
    steps: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Any, P], R]:
    """Return the method of a blocking client; it shows bars while it runs."""

    @wraps(steps)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with Watched(steps, args, kwargs) as given:
            return run(steps(self, *args, **given))

    return method


def awaiting(
    steps: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]:
    """Return the method of an asynchronous client; it shows bars while it runs."""

    @wraps(steps)
    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with Watched(steps, args, kwargs) as given:
            return await steps(self, *args, **given)

    return method


class Call(Generic[P, R]):
    """A method that returns one result: at once, or when it is awaited."""

    def __init__(self, steps: Callable[Concatenate[Any, P], Coroutine[Any, Any, R]]) -> None:
        self._blocking, self._awaiting = blocking(steps), awaiting(steps)

    @overload
    def __get__(self, part: Part[Blocking], kind: Any) -> Callable[P, R]: ...
    @overload
    def __get__(
        self, part: Part[Asynchronous], kind: Any
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...
    @overload
    def __get__(self, part: None, kind: Any) -> Callable[..., Any]: ...
    def __get__(self, part: Any, kind: Any) -> Any:
        return _bound(self._awaiting if _is_asynchronous(part, kind) else self._blocking, part)


class Stream(Generic[P, R]):
    """A method that is iterated over."""

    def __init__(self, steps: Callable[Concatenate[Any, P], AsyncIterator[R]]) -> None:
        @wraps(steps)
        def iterating(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R]:
            watched = Watched(steps, args, kwargs)
            items: Any = steps(self, *args, **watched.arguments)
            return Items(watched.iterate(iterate(items)))

        @wraps(steps)
        def async_iterating(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
            watched = Watched(steps, args, kwargs)
            return watched.iterate_async(steps(self, *args, **watched.arguments))

        self._blocking, self._asynchronous = iterating, async_iterating

    @overload
    def __get__(self, part: Part[Blocking], kind: Any) -> Callable[P, Iterator[R]]: ...
    @overload
    def __get__(self, part: Part[Asynchronous], kind: Any) -> Callable[P, AsyncIterator[R]]: ...
    @overload
    def __get__(self, part: None, kind: Any) -> Callable[..., Any]: ...
    def __get__(self, part: Any, kind: Any) -> Any:
        return _bound(self._asynchronous if _is_asynchronous(part, kind) else self._blocking, part)


def _is_asynchronous(part: "Part[Any] | None", kind: Any) -> bool:
    if part is not None:
        return part.backend.asynchronous
    return bool(getattr(kind, "asynchronous", False))


def _bound(function: Callable[..., Any], part: "Part[Any] | None") -> Any:
    return function if part is None else function.__get__(part)
