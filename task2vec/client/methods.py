"""A method of all clients, written once as a coroutine: a blocking client runs it to its end."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing
from functools import wraps
from inspect import signature
from os.path import basename
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from task2vec.client.backend import Backend
from task2vec.messages.jobs import Progress
from task2vec.progress_bars import STAGES, Bars

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., None])

_PROGRESS = "progress"
_UPLOADING = "uploading"


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


class Watched:
    """Bars for one call of a method; ``arguments`` are its keyword arguments with these bars.

    Where ``progress`` is True or left out, a function that draws takes its place. ``of`` is what
    the call is about, as its first argument names it.
    """

    def __init__(self, method: Callable[..., Any], of: tuple[Any, ...], given: dict[str, Any]):
        self._wanted = _takes_progress(method) and given.get(_PROGRESS, True) is True
        self._bars = Bars(shown=self._wanted)
        self._name = _short(of[0]) if of else method.__name__
        self.arguments = {**given, _PROGRESS: self._tell} if self._wanted else given

    def __enter__(self) -> dict[str, Any]:
        return self.arguments

    def __exit__(self, *_: object) -> None:
        self._bars.close()

    def iterate(self, items: Iterator[Any]) -> Iterator[Any]:
        """Return what the call yields; at its end the bars are taken away."""
        return self._until_over(items) if self._wanted else items

    def iterate_async(self, items: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Return what the call yields; at its end the bars are taken away."""
        return self._until_over_async(items) if self._wanted else items

    def _until_over(self, items: Iterator[Any]) -> Iterator[Any]:
        with self:
            yield from items

    async def _until_over_async(self, items: Any) -> AsyncIterator[Any]:
        with self:
            async with aclosing(items):
                async for each in items:
                    yield each

    def _tell(self, *progress: Any) -> None:
        # A batch also names the item.
        *item, work = progress
        self._show(item[0] if item else self._name, work)

    def _show(self, name: str, work: Progress) -> None:
        if work.stage == _UPLOADING:
            from rich.filesize import decimal

            stage = f"uploading {decimal(work.done)} of {decimal(work.total)}"
            self._bars.show(name, stage=stage, done=0, total=0)
            return
        stage = STAGES.get(work.stage, work.stage)
        self._bars.show(name, stage=stage, done=work.done, total=work.total)


def given_function(progress: F | bool | None) -> F | None:
    """Return the function among the ways to show progress; None for the others."""
    return progress if callable(progress) else None


def _takes_progress(method: Callable[..., Any]) -> bool:
    return _PROGRESS in signature(method).parameters


def _short(value: object) -> str:
    """Return what a task, a model or the last part of a path is called."""
    return str(getattr(value, "name", None) or basename(str(value).rstrip("/")) or value)  # noqa: PTH119
