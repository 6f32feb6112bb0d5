"""Fine-tuning a starting model: a new expert."""

import os
from typing import TYPE_CHECKING, Literal, overload

from task2vec.client.operations.asking import ask
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.subjects import subject
from task2vec.client.operations.waiting import Shown, told_by, wait_for
from task2vec.client.request import post, understood
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps
from task2vec.messages.catalogue import Tuned
from task2vec.messages.jobs import Job, NewTuning
from task2vec.messages.settings import TuningSettings

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages


@overload
def finetune(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    start: str = PROBE,
    name: str | None = None,
    images: int = 400,
    epochs: int | None = None,
    patience: int = 4,
    learning_rate: float | None = None,
    seed: int = 0,
    wait: Literal[True] = True,
    progress: Shown = True,
) -> Steps[Tuned]: ...
@overload
def finetune(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    start: str = PROBE,
    name: str | None = None,
    images: int = 400,
    epochs: int | None = None,
    patience: int = 4,
    learning_rate: float | None = None,
    seed: int = 0,
    wait: Literal[False],
    progress: Shown = True,
) -> Steps[Job]: ...
def finetune(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    start: str = PROBE,
    name: str | None = None,
    images: int = 400,
    epochs: int | None = None,
    patience: int = 4,
    learning_rate: float | None = None,
    seed: int = 0,
    wait: bool = True,
    progress: Shown = True,
) -> Steps[Tuned | Job]:
    """Fine-tune a starting model on a task: a new expert, with an honest accuracy.

    A linear probe on frozen features is tried as well and made the expert where it is the better
    choice: ``choice`` of the answer says which, and by which numbers. A source that is not stored
    becomes a task. ``name`` is the expert's, by default TASK-from-MODEL. ``epochs`` None are as
    many as the images need, ``learning_rate`` None is the recipe's. ``wait`` is that of `embed`.

    Raises:
        NameTakenError: when there is such an expert.
        SourceError: when the images cannot be used, or those of a stored task are gone.
        JobFailedError: when a server could not do it.
    """
    told = told_by(progress)
    settings = ask(
        TuningSettings,
        images=images,
        epochs=epochs,
        patience=patience,
        learning_rate=learning_rate,
        seed=seed,
    )
    question = ask(NewTuning, start=start, name=name, settings=settings)
    about = yield from subject(sender, source, progress=told)
    asked = question.model_copy(update={"task": about.task, "dataset": about.dataset})
    job = yield from call(sender, post("/finetunings", Job, asked))
    if not wait:
        return job
    done = yield from wait_for(sender, job, progress=told)
    return understood(Tuned, done.result)
