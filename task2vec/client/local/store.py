"""A store of this machine as what answers a client: its use cases are called in this process."""

import os
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar, cast

from pydantic import BaseModel

from task2vec.client.backend import OnItemProgress, OnProgress, OnWarning, Source
from task2vec.client.local.handlers import RECORDS, WORK, Counted, Order, count
from task2vec.client.request import Request, plain_of
from task2vec.data.batch_sources import BatchSource
from task2vec.errors import SettingError, UnknownNameError
from task2vec.messages.batches import Item, NewBatch
from task2vec.messages.catalogue import MapQuestion, TaskMap
from task2vec.messages.datasets import Dataset
from task2vec.messages.jobs import Job, JobEvent
from task2vec.messages.outcomes import NewOutcome, NewOutcomes, Outcome
from task2vec.messages.predictions import Prediction
from task2vec.service import outcomes as recorded
from task2vec.service.tasks import maps
from task2vec.service.workspace import Workspace

R = TypeVar("R")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class LocalStore:
    """A store as the backend of a client; see `Backend` for its methods. It has no jobs."""

    asynchronous = False

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def ask(self, request: Request[T]) -> T:
        """Answer from what is stored."""
        if request.route not in RECORDS:
            _refuse(request)
        question = () if request.question is None else (request.question,)
        more: dict[str, Any] = {**request.query, **request.files}
        # All come at once.
        more.pop("page_size", None)
        answered = RECORDS[request.route](self._workspace, *request.names, *question, **more)
        return as_sent(request.kind, answered)

    async def ask_tagged(self, request: Request[T]) -> tuple[T, str]:
        """Answer; there is no tag, since nothing comes between."""
        return await self.ask(request), ""

    async def answer(
        self,
        request: Request[M],
        *sources: Source,
        probe: str | None = None,
        progress: OnProgress | None = None,
    ) -> M:
        """Do the work here."""
        order = Order(self._workspace, sources, probe, progress)
        return as_sent(request.kind, WORK[request.route](order, request.question))

    async def submit(
        self,
        request: Request[T],
        *sources: Source,
        progress: OnProgress | None = None,
    ) -> Job:
        """Refuse: somebody does not want to wait."""
        raise SettingError(
            "A local store has no jobs: its work is done when the call returns",
            expected="wait=True",
            got="wait=False",
            remedy="Start `task2vec serve` and use a Client for work in the background.",
        )

    async def upload(
        self, source: Source, *, name: str | None, progress: OnProgress | None
    ) -> Dataset:
        """Refuse: sources are read where they lie."""
        raise SettingError(
            "A local store takes no uploads",
            remedy="Give the source itself to `embed`, `search` or `recommend`.",
        )

    async def wait_for(
        self, job: str, *, progress: OnProgress | None, timeout: float | None
    ) -> Job:
        """Refuse: there is no such job."""
        _no_job(job)

    def events_of(self, job: str, *, after: int | None) -> AsyncGenerator[JobEvent, None]:
        """Refuse: there is no such job."""
        _no_job(job)

    async def add_outcomes(self, outcomes: Sequence[NewOutcome]) -> Sequence[Outcome]:
        """Record outcomes, all or none."""
        # A file of this machine may hold more than a server takes at once.
        question = NewOutcomes.model_construct(outcomes=tuple(outcomes))
        return recorded.add_outcomes(self._workspace, question)

    async def import_outcomes(self, path: Path) -> Sequence[Outcome]:
        """Record the outcomes of a CSV file, all or none."""
        return recorded.import_outcomes(self._workspace, path)

    async def remove_outcomes(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """Remove outcomes, all or none, and return what they were."""
        return recorded.remove_outcomes(self._workspace, ids)

    async def batch(
        self,
        items: Sequence[BatchSource],
        question: NewBatch,
        *,
        dry_run: bool,
        progress: OnItemProgress | None,
    ) -> AsyncGenerator[Item, None]:
        """Yield what became of each source, one after the other, once it is on disk."""
        from task2vec.jobs.batches import run_batch

        def counted(item: BatchSource) -> Counted | None:
            return None if progress is None else partial(count, partial(progress, item.name))

        for item in run_batch(self._workspace, items, question, dry_run=dry_run, progress=counted):
            yield as_sent(Item, item)

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
        from task2vec.jobs.predict import predict

        tell = None if progress is None else partial(count, progress, "predicting")
        # What is wrong with the question is raised at once.
        return _asynchronously(predict(self._workspace, model, images, progress=tell, warn=warn))

    async def draw(self, question: MapQuestion, path: Path | None) -> TaskMap:
        """Lay out the stored tasks; write the picture where there is a path."""
        return as_sent(TaskMap, maps.draw(self._workspace, path, **dict(question)))

    async def compute(self, function: Callable[[], R]) -> R:
        """Call a function that takes its time."""
        return function()

    async def close(self) -> None:
        """Close the store."""
        self._workspace.close()


async def _asynchronously(rows: Iterable[T]) -> AsyncGenerator[T, None]:
    for row in rows:
        yield row


def as_sent(kind: type[T], answered: Any) -> T:
    """Return an answer as a server would send it: a number that JSON does not have is None."""
    if issubclass(kind, BaseModel):
        return kind.model_validate(plain_of(answered))
    return cast(T, answered)


def _refuse(request: Request[Any]) -> NoReturn:
    """Say of what a server alone has that it is not there."""
    (name,) = request.names
    if request.path.startswith("/jobs/"):
        _no_job(name)
    raise UnknownNameError(f"A local store keeps no data sets, and so not '{name}'")


def _no_job(job: str) -> NoReturn:
    raise UnknownNameError(f"A local store has no jobs, and so not '{job}'")
