"""What is done with images: embedding, batches, fine-tuning, predicting."""

import os
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal, overload

from task2vec.client.backend import (
    Backend,
    OnItemProgress,
    OnWarning,
    ShowItemProgress,
    ShowProgress,
    Source,
)
from task2vec.client.methods import M, Part, Stream, given_function
from task2vec.client.questions import ask, id_of, texts
from task2vec.client.request import post
from task2vec.client.upload.pack import default_name
from task2vec.data.batch_sources import BatchSource, find_items
from task2vec.errors import InputError
from task2vec.messages.batches import Item, NewBatch
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import Job, NewEmbedding, NewTuning
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction
from task2vec.messages.settings import EMBEDDING, TUNING, EmbeddingSettings, TuningSettings
from task2vec.messages.tasks import Task
from task2vec.types.tuning import Recipe

ImagePaths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""One file or folder, or several."""
Sources = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
"""A folder of sources or a list of them, or their paths."""


class Work(Part[M]):
    """What is done with images and iterated over; `embed` and `finetune` are functions below."""

    @Stream
    def batch(
        self,
        sources: Sources,
        *,
        probe: str = EMBEDDING.probe,
        images: int = EMBEDDING.images,
        estimator: str = EMBEDDING.estimator,
        draws: int = EMBEDDING.draws,
        standard_error: float | None = EMBEDDING.standard_error,
        seed: int = EMBEDDING.seed,
        tags: Sequence[str] = (),
        update: bool = False,
        class_pictures: bool = True,
        dry_run: bool = False,
        progress: ShowItemProgress = True,
    ) -> AsyncGenerator[Item, None]:
        """Embed many sources; yields what became of each once it is stored, in the order they end.

        ``sources`` is a folder of sources, a .csv or .jsonl list of them, or their paths. A source
        that fails does not stop the others: it is an item with ``error``. What is stored from the
        same bytes with the same settings is ``unchanged``, so that an interrupted batch is resumed
        by the same call: nothing is sent or computed twice. With ``dry_run`` no image is sent and
        nothing is stored: each item has the status of the real run, with ``pending`` for what it
        would embed. Without ``class_pictures`` the store keeps no pictures of the images by class.

        Raises `InputError` when there is no such list, and `ServiceError`, `AccessError` or
        `StoreError` where no item is to blame.
        """
        settings = ask(
            EmbeddingSettings,
            probe=probe,
            images=images,
            estimator=estimator,
            draws=draws,
            standard_error=standard_error,
            seed=seed,
        )
        question = ask(
            NewBatch,
            tags=texts("tags", tags),
            update=update,
            class_pictures=class_pictures,
            settings=settings,
        )
        tell = given_function(progress)
        return _batch(self.backend, sources, question, dry_run=dry_run, progress=tell)

    @Stream
    def predict(
        self,
        model: Model | str,
        images: ImagePaths,
        *,
        here: bool = False,
        warn: OnWarning | None = None,
        progress: ShowProgress = True,
    ) -> AsyncGenerator[Prediction, None]:
        """Classify new images with an expert; yields a prediction for each, in their order.

        ``images`` are files, folders with whatever images lie below, or zip and tar archives of
        images, which are not unpacked. An image that cannot be read is a prediction with ``error``,
        and stops nothing. Images are read as the iteration goes on, some at a time. ``warn`` hears
        of what was left out, and of probabilities that are not calibrated.

        A server is sent the images, some hundred at a time, and removes them when they are
        classified; an iteration that ends early gives the rest up. ``here``: the server only gives
        the expert, and the images stay on this machine, which needs ``task2vec[local]`` for the
        work.

        Raises:
            UnknownNameError: when there is no such model.
            InputError: for a model without classes of its own, a plain pretrained one.
            SourceError: when no image is found, or an archive is damaged.
            WeightsError: when the checkpoint was altered.
            JobFailedError: when a server could not do it.
        """
        several = [images] if isinstance(images, str | os.PathLike) else images
        tell = given_function(progress)
        return self.backend.predict(id_of(model), several, here=here, warn=warn, progress=tell)


# Through a decorator that is a class, mypy loses the overloads: these two are made methods by the
# clients themselves.


@overload
async def embed(
    self: Part[Any],
    source: Source,
    *,
    name: str | None = None,
    probe: str = EMBEDDING.probe,
    images: int = EMBEDDING.images,
    estimator: str = EMBEDDING.estimator,
    draws: int = EMBEDDING.draws,
    standard_error: float | None = EMBEDDING.standard_error,
    seed: int = EMBEDDING.seed,
    tags: Sequence[str] = (),
    update: bool = False,
    class_pictures: bool = True,
    wait: Literal[True] = True,
    progress: ShowProgress = True,
) -> Task: ...
@overload
async def embed(
    self: Part[Any],
    source: Source,
    *,
    name: str | None = None,
    probe: str = EMBEDDING.probe,
    images: int = EMBEDDING.images,
    estimator: str = EMBEDDING.estimator,
    draws: int = EMBEDDING.draws,
    standard_error: float | None = EMBEDDING.standard_error,
    seed: int = EMBEDDING.seed,
    tags: Sequence[str] = (),
    update: bool = False,
    class_pictures: bool = True,
    wait: Literal[False],
    progress: ShowProgress = True,
) -> Job: ...
async def embed(
    self: Part[Any],
    source: Source,
    *,
    name: str | None = None,
    probe: str = EMBEDDING.probe,
    images: int = EMBEDDING.images,
    estimator: str = EMBEDDING.estimator,
    draws: int = EMBEDDING.draws,
    standard_error: float | None = EMBEDDING.standard_error,
    seed: int = EMBEDDING.seed,
    tags: Sequence[str] = (),
    update: bool = False,
    class_pictures: bool = True,
    wait: bool = True,
    progress: ShowProgress = True,
) -> Task | Job:
    """Embed a source and store it as a task.

    With ``wait`` the task is in the store when this returns; without, the job that will put it
    there is returned at once. ``name`` defaults to the source's own; ``update`` replaces a task of
    that name. ``images`` bounds how many are used, ``draws`` is label draws per image; the work
    ends as soon as ``standard_error`` is reached, where one is given. Without ``class_pictures``
    the store keeps no small pictures of the images by class.

    Raises:
        NameTakenError: before any work, when the name is taken and ``update`` is not set.
        SettingError: for a setting out of range.
        SourceError: when the source cannot be used.
        JobFailedError: when a server could not embed it.
    """
    settings = ask(
        EmbeddingSettings,
        probe=probe,
        images=images,
        estimator=estimator,
        draws=draws,
        standard_error=standard_error,
        seed=seed,
    )
    question = ask(
        NewEmbedding,
        dataset="?",
        name=name,
        tags=texts("tags", tags),
        update=update,
        class_pictures=class_pictures,
        settings=settings,
    )
    request, tell = post(Task, "/tasks", question=question), given_function(progress)
    work = self.backend.answer if wait else self.backend.submit
    return await work(request, source, progress=tell)


@overload
async def finetune(
    self: Part[Any],
    source: Source,
    *,
    start: str = EMBEDDING.probe,
    name: str | None = None,
    recipe: Recipe | str = TUNING.recipe,
    images: int = TUNING.images,
    epochs: int | None = TUNING.epochs,
    patience: int = TUNING.patience,
    learning_rate: float | None = TUNING.learning_rate,
    seed: int = TUNING.seed,
    wait: Literal[True] = True,
    progress: ShowProgress = True,
) -> Tuned: ...
@overload
async def finetune(
    self: Part[Any],
    source: Source,
    *,
    start: str = EMBEDDING.probe,
    name: str | None = None,
    recipe: Recipe | str = TUNING.recipe,
    images: int = TUNING.images,
    epochs: int | None = TUNING.epochs,
    patience: int = TUNING.patience,
    learning_rate: float | None = TUNING.learning_rate,
    seed: int = TUNING.seed,
    wait: Literal[False],
    progress: ShowProgress = True,
) -> Job: ...
async def finetune(
    self: Part[Any],
    source: Source,
    *,
    start: str = EMBEDDING.probe,
    name: str | None = None,
    recipe: Recipe | str = TUNING.recipe,
    images: int = TUNING.images,
    epochs: int | None = TUNING.epochs,
    patience: int = TUNING.patience,
    learning_rate: float | None = TUNING.learning_rate,
    seed: int = TUNING.seed,
    wait: bool = True,
    progress: ShowProgress = True,
) -> Tuned | Job:
    """Fine-tune a starting model on a task: a new expert, with an honest accuracy.

    ``recipe`` is what is trained: ``linear-probe``, ``last-stage``, ``all-layers``, or ``auto``,
    which tries a linear probe and all layers and keeps the better: ``choice`` of the answer then
    says by which numbers. A source that is not stored becomes a task. ``name`` is the expert's, by
    default TASK-from-MODEL. ``epochs`` None are as many as the images need, ``learning_rate`` None
    is the recipe's own. ``wait`` is that of `embed`.

    Raises:
        NameTakenError: when there is such an expert.
        SourceError: when the images cannot be used, or those of a stored task are gone.
        WeightsError: when the starting model has no last stage to train by itself.
        JobFailedError: when a server could not do it.
    """
    settings = ask(
        TuningSettings,
        recipe=recipe,
        images=images,
        epochs=epochs,
        patience=patience,
        learning_rate=learning_rate,
        seed=seed,
    )
    question = ask(NewTuning, start=start, name=name, settings=settings)
    request, tell = post(Tuned, "/finetunings", question=question), given_function(progress)
    work = self.backend.answer if wait else self.backend.submit
    return await work(request, source, progress=tell)


async def _batch(
    backend: Backend,
    sources: Sources,
    question: NewBatch,
    *,
    dry_run: bool,
    progress: OnItemProgress | None,
) -> AsyncGenerator[Item, None]:
    items = await backend.compute(lambda: _listed(sources))
    batch = backend.batch(items, question, dry_run=dry_run, progress=progress)
    async with aclosing(batch):
        async for item in batch:
            yield item


def _listed(sources: Sources) -> list[BatchSource]:
    """Return the items of a batch; raises `InputError` where there are none, or two of one name."""
    if isinstance(sources, str | os.PathLike):
        return find_items(Path(sources))
    items = [BatchSource(Path(source), default_name(source)) for source in sources]
    names = [item.name for item in items]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or not items:
        raise InputError(
            "There are no sources" if twice is None else f"Two sources would be named '{twice}'",
            remedy="List them in a CSV file with the columns source,name.",
        )
    return items
