"""Bars for the long calls of a client, where no function takes the progress."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from inspect import signature
from os.path import basename
from typing import Any, TypeVar

from task2vec.messages.jobs import Progress
from task2vec.progress_bars import STAGES, Bars

F = TypeVar("F", bound=Callable[..., None])

_PROGRESS = "progress"
_UPLOADING = "uploading"


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
