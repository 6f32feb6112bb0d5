"""What answers a client: a server, or a store of this machine."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

from task2vec.client.request import Request
from task2vec.data.batch_sources import BatchSource
from task2vec.messages.base import Page
from task2vec.messages.batches import Item, NewBatch
from task2vec.messages.catalogue import MapQuestion, TaskMap
from task2vec.messages.datasets import Dataset
from task2vec.messages.jobs import Job, JobEvent, Progress
from task2vec.messages.outcomes import NewOutcome, Outcome
from task2vec.messages.predictions import Prediction

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
R = TypeVar("R")
P = TypeVar("P", bound=Page)

Source: TypeAlias = "str | os.PathLike[str] | LabelledImages"
"""A name or id of something stored, a path, or labelled images in memory."""

OnProgress = Callable[[Progress], None]
ShowProgress = OnProgress | bool | None
"""True shows a bar in a terminal or a notebook, False or None shows nothing."""

OnItemProgress = Callable[[str, Progress], None]
"""Given the name of an item of a batch, and how far it is."""
ShowItemProgress = OnItemProgress | bool | None

OnWarning = Callable[[str], None]
"""Given what was left out, and which probabilities are not calibrated."""

PAGE_SIZE = 500


class Asking(Protocol):
    """Answers requests from what is stored."""

    async def ask(self, request: Request[T]) -> T:
        """Return the answer; raises what a refusal stands for."""
        ...


class Backend(Asking, Protocol):
    """Answers requests; every method is a coroutine or yields asynchronously.

    One that is not ``asynchronous`` blocks the thread that asks, and never gives way.
    """

    @property
    def asynchronous(self) -> bool:
        """Whether its coroutines need an event loop."""
        ...

    async def ask_tagged(self, request: Request[T]) -> tuple[T, str]:
        """Answer, with a tag of the state that the answer shows; empty where there is none."""
        ...

    async def answer(
        self,
        request: Request[M],
        *sources: Source,
        probe: str | None = None,
        progress: OnProgress | None = None,
    ) -> M:
        """Answer a question about sources, which are filled in, however long the work takes.

        A stored task wins over a path; ``probe`` is the one that was given, if any.
        """
        ...

    async def submit(
        self, request: Request[T], *sources: Source, progress: OnProgress | None = None
    ) -> Job:
        """Return the job that will answer; raises `SettingError` where there are none."""
        ...

    async def upload(
        self, source: Source, *, name: str | None, progress: OnProgress | None
    ) -> Dataset:
        """Keep a source, unless it is there already."""
        ...

    async def wait_for(
        self, job: str, *, progress: OnProgress | None, timeout: float | None
    ) -> Job:
        """Return a job when it has succeeded."""
        ...

    def events_of(self, job: str, *, after: int | None) -> AsyncGenerator[JobEvent, None]:
        """Yield what happens to a job until it has ended."""
        ...

    async def add_outcomes(self, outcomes: Sequence[NewOutcome]) -> Sequence[Outcome]:
        """Record outcomes, all or none; a server takes so many at once."""
        ...

    async def import_outcomes(self, path: Path) -> Sequence[Outcome]:
        """Record the outcomes of a CSV file, all or none."""
        ...

    async def remove_outcomes(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """Remove outcomes, all or none, and return what they were."""
        ...

    def batch(
        self,
        items: Sequence[BatchSource],
        question: NewBatch,
        *,
        dry_run: bool,
        progress: OnItemProgress | None,
    ) -> AsyncGenerator[Item, None]:
        """Yield what became of each source."""
        ...

    def predict(
        self,
        model: str,
        images: Sequence[str | os.PathLike[str]],
        *,
        here: bool,
        warn: OnWarning | None,
        progress: OnProgress | None,
    ) -> AsyncGenerator[Prediction, None]:
        """Yield what an expert says of each image."""
        ...

    async def draw(self, question: MapQuestion, path: Path | None) -> TaskMap:
        """Lay out the stored tasks; write the picture where there is a path."""
        ...

    async def compute(self, function: Callable[[], R]) -> R:
        """Call a function that takes its time, such as one that reads many files."""
        ...

    async def close(self) -> None:
        """Give up all connections."""
        ...


async def pages(
    backend: Asking, request: Request[P], items: Callable[[P], tuple[T, ...]]
) -> AsyncGenerator[T, None]:
    """Yield the items of all pages; each page is asked for when the one before is used up."""
    query = {"page_size": PAGE_SIZE, **request.query}
    while True:
        page = await backend.ask(replace(request, query=query))
        for item in items(page):
            yield item
        if page.next_page_token is None:
            return
        query = {**query, "page_token": page.next_page_token}
