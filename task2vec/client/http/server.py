"""A server as what answers a client: it is sent sources, and works on them as jobs."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence, Sized
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from task2vec.client.backend import OnProgress, OnWarning, Source
from task2vec.client.files import (
    PICTURES,
    check_expert,
    check_picture,
    predictions_of,
    save_picture,
)
from task2vec.client.http.batches import run_batch
from task2vec.client.http.connection import read
from task2vec.client.http.jobs import JobServer
from task2vec.client.http.predictions import PREDICTING, predictions
from task2vec.client.questions import ask, check_stored_probe
from task2vec.client.request import Request, fetch, get, post, understood
from task2vec.client.upload.pack import default_name
from task2vec.data.outcome_file import read_outcomes
from task2vec.data.paths import near_path
from task2vec.errors import InputError, NameTakenError, TooLargeError, UnknownNameError
from task2vec.messages.catalogue import MapQuestion, TaskMap
from task2vec.messages.jobs import Job, NewEmbedding, Progress
from task2vec.messages.models import Model
from task2vec.messages.neighbours import DistanceQuestion, Subject
from task2vec.messages.outcomes import (
    MOST_OUTCOMES,
    NewOutcome,
    NewOutcomes,
    Outcome,
    OutcomePage,
    OutcomesToRemove,
)
from task2vec.messages.predictions import Prediction
from task2vec.messages.tasks import TaskDetails
from task2vec.types.names import is_name

if TYPE_CHECKING:
    pass

R = TypeVar("R")
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

PATH_STARTS = ("./", "../", "/", "~", ".\\")
_ACCEPTED = 202


class Server(JobServer):
    """A server as the backend of a client; see `Backend` for its methods."""

    @property
    def asynchronous(self) -> bool:
        """Whether its coroutines need an event loop."""
        return self.network.asynchronous

    async def answer(
        self,
        request: Request[M],
        *sources: Source,
        probe: str | None = None,
        progress: OnProgress | None = None,
    ) -> M:
        """Ask, and wait where the answer takes a job."""
        request = await self._about(request, sources, probe=probe, progress=progress)
        reply = await self.exchange(request)
        if reply.status != _ACCEPTED:
            return read(request.kind, reply)
        done = await self.wait_for(read(Job, reply).id, progress=progress)
        return understood(request.kind, done.result)

    async def submit(
        self, request: Request[T], *sources: Source, progress: OnProgress | None = None
    ) -> Job:
        """Ask what takes a job, and return it at once."""
        request = await self._about(request, sources, probe=None, progress=progress)
        return read(Job, await self.exchange(request))

    async def add_outcomes(self, outcomes: Sequence[NewOutcome]) -> Sequence[Outcome]:
        """Record outcomes, all or none."""
        _check_count(outcomes, remedy="Record them in parts: a file of outcomes can be split.")
        question = ask(NewOutcomes, outcomes=tuple(outcomes))
        return (await self.ask(post(OutcomePage, "/outcomes", question=question))).outcomes

    async def import_outcomes(self, path: Path) -> Sequence[Outcome]:
        """Record the outcomes of a CSV file, all or none."""
        rows = await self.compute(partial(read_outcomes, path))
        return await self.add_outcomes([row for _, row in rows])

    async def remove_outcomes(self, ids: Sequence[str]) -> Sequence[Outcome]:
        """Remove outcomes, all or none, and return what they were."""
        _check_count(ids, remedy="Remove them in parts.")
        question = ask(OutcomesToRemove, outcomes=tuple(ids))
        return (await self.ask(post(OutcomePage, "/outcomes:remove", question=question))).outcomes

    batch = run_batch

    async def predict(
        self,
        model: str,
        images: Sequence[str | os.PathLike[str]],
        *,
        here: bool,
        warn: OnWarning | None,
        progress: OnProgress | None,
    ) -> AsyncGenerator[Prediction, None]:
        """Yield what an expert says of each image: at the server, or ``here``."""
        expert = await self.ask(get(Model, "/models/{}", model))
        check_expert(expert)
        if not here:
            async for each in predictions(self, expert, images, warn=warn, progress=progress):
                yield each
            return
        content = await self.ask(fetch("/models/{}/checkpoint", expert.id))
        counted = None if progress is None else partial(_count, progress)
        rows = predictions_of(expert, content, images, warn=warn, progress=counted)
        try:
            while (row := await self.compute(partial(next, rows, None))) is not None:
                yield row
        finally:
            rows.close()

    async def draw(self, question: MapQuestion, path: Path | None) -> TaskMap:
        """Lay out the stored tasks; write the picture where there is a path."""
        if path is not None:
            await self.compute(partial(check_picture, path))
        answer = await self.ask(get(TaskMap, "/map", question=question))
        if path is not None:
            request = fetch("/map", accept=PICTURES[path.suffix.lower()], question=question)
            await self.compute(partial(save_picture, path, await self.ask(request)))
        return answer

    async def compute(self, function: Callable[[], R]) -> R:
        """Call a function that takes its time."""
        return await self.network.compute(function)

    async def close(self) -> None:
        """Close the connections, and let nothing at the side go on."""
        await self.network.close()

    async def _about(
        self,
        request: Request[T],
        sources: Sequence[Source],
        *,
        probe: str | None,
        progress: OnProgress | None,
    ) -> Request[T]:
        """Return a request whose question names its sources as the server has them."""
        question = request.question
        if not sources or question is None:
            return request
        if isinstance(question, NewEmbedding):
            return request.asking(await self._embedding_of(question, *sources, progress=progress))
        subjects, stored = [], []
        for source in sources:
            task = await self._stored(source)
            if task is None:
                dataset = await self.upload(source, progress=progress)
                subjects.append(Subject(dataset=dataset.id))
            else:
                stored.append(task)
                subjects.append(Subject(task=task.id))
        if len(stored) == len(sources):
            for task in stored:
                check_stored_probe(task.name, embedded=task.provenance.probe_name, given=probe)
        return request.asking(_filled(question, subjects))

    async def _embedding_of(
        self, question: NewEmbedding, source: Source, *, progress: OnProgress | None
    ) -> NewEmbedding:
        name = question.name if question.name is not None else default_name(source)
        # Before anything is sent, the rest of the question is looked at.
        question = ask(NewEmbedding, **question.model_dump() | {"name": name})
        if not question.update:
            taken = await self._named(name)
            if isinstance(taken, TaskDetails):
                raise NameTakenError.of_task(taken.name)
        dataset = await self.upload(source, name=name, any_name=True, progress=progress)
        return question.model_copy(update={"dataset": dataset.id})

    async def _stored(self, source: Source) -> TaskDetails | None:
        """Return the stored task that is meant, None for a source.

        Raises `UnknownNameError` when it is neither; with names that are close.
        """
        if not isinstance(source, str) or source in (".", "..") or source.startswith(PATH_STARTS):
            return None
        task = await self._named(source)
        if isinstance(task, TaskDetails):
            return task
        path = Path(source)
        if path.exists():
            return None
        # A name has no folders.
        near = near_path(path) if path.name != source else None
        listed = task.remedy or "For a path write ./NAME. List all tasks: `task2vec list`."
        raise UnknownNameError(
            f"'{source}' is neither a task on the server nor a file or folder",
            remedy=" ".join(filter(None, (near, listed))),
        )

    async def _named(self, name: str) -> TaskDetails | InputError:
        """Return the stored task of this name or id, or why there is none."""
        try:
            return await self.ask(get(TaskDetails, "/tasks/{}", name))
        except UnknownNameError as error:
            return error
        except InputError:
            # A text that nothing is called may still be a path.
            if is_name(name):
                raise
            return UnknownNameError(f"Nothing is called '{name}'")


def _filled(question: BaseModel, subjects: Sequence[Subject]) -> BaseModel:
    if isinstance(question, DistanceQuestion):
        source, target = subjects
        return question.model_copy(update={"source": source, "target": target})
    (subject,) = subjects
    return question.model_copy(update=dict(subject))


def _check_count(outcomes: Sized, *, remedy: str) -> None:
    if len(outcomes) > MOST_OUTCOMES:
        raise TooLargeError(
            "These are too many outcomes for one request",
            expected=f"at most {MOST_OUTCOMES:,}, as many as a server takes at once",
            got=f"{len(outcomes):,}",
            remedy=remedy,
        )


def _count(progress: OnProgress, done: int, total: int) -> None:
    progress(Progress(stage=PREDICTING, done=done, total=total))
