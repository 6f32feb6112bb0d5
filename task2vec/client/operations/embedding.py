"""Embedding a source into the server's store."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, overload

from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.subjects import stored
from task2vec.client.operations.uploads import upload
from task2vec.client.operations.waiting import Shown, told_by, wait_for
from task2vec.client.packing.pack import default_name
from task2vec.client.request import post, understood
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps
from task2vec.errors import NameTakenError
from task2vec.messages.jobs import Job, NewEmbedding
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import Task

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

PROBE = "efficientnet_lite0"


@overload
def embed(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    name: str | None = None,
    probe: str = PROBE,
    images: int = 300,
    estimator: str = "principal",
    draws: int = 1,
    standard_error: float | None = None,
    seed: int = 0,
    tags: Sequence[str] = (),
    update: bool = False,
    wait: Literal[True] = True,
    progress: Shown = True,
) -> Steps[Task]: ...
@overload
def embed(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    name: str | None = None,
    probe: str = PROBE,
    images: int = 300,
    estimator: str = "principal",
    draws: int = 1,
    standard_error: float | None = None,
    seed: int = 0,
    tags: Sequence[str] = (),
    update: bool = False,
    wait: Literal[False],
    progress: Shown = True,
) -> Steps[Job]: ...
def embed(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    name: str | None = None,
    probe: str = PROBE,
    images: int = 300,
    estimator: str = "principal",
    draws: int = 1,
    standard_error: float | None = None,
    seed: int = 0,
    tags: Sequence[str] = (),
    update: bool = False,
    wait: bool = True,
    progress: Shown = True,
) -> Steps[Task | Job]:
    """Embed a source and store it as a task.

    With ``wait`` the task is in the store when this returns; without, the job that will put it
    there is returned at once. ``name`` defaults to the source's own; ``update`` replaces a task of
    that name. ``images`` bounds how many are used, ``draws`` is label draws per image; the work
    ends as soon as ``standard_error`` is reached, where one is given.

    Raises:
        NameTakenError: before any work, when the name is taken and ``update`` is not set.
        SettingError: for a setting out of range.
        SourceError: when the source cannot be used.
        JobFailedError: when a server could not embed it.
    """
    told = told_by(progress)
    settings = ask(
        EmbeddingSettings,
        probe=probe,
        images=images,
        estimator=estimator,
        draws=draws,
        standard_error=standard_error,
        seed=seed,
    )
    called = name if name is not None else default_name(source)
    # Before anything is sent: with a place holder, the rest of the question is looked at.
    question = ask(
        NewEmbedding,
        dataset="?",
        name=called,
        tags=texts("tags", tags),
        update=update,
        settings=settings,
    )
    if not update:
        yield from _check_free(sender, called)
    dataset = yield from upload(sender, source, name=called, any_name=True, progress=told)
    asked = question.model_copy(update={"dataset": dataset.id})
    job = yield from call(sender, post("/tasks", Job, asked))
    if not wait:
        return job
    done = yield from wait_for(sender, job, progress=told)
    return understood(Task, done.result)


def _check_free(sender: Sender, name: str) -> Steps[None]:
    taken = yield from stored(sender, name)
    if taken is not None:
        raise NameTakenError.of_task(taken.name)
