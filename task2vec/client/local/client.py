"""The local client itself."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import task2vec.client.show.notebook  # noqa: F401  (how results show themselves)
from task2vec.client.client import Client
from task2vec.client.local.absent import Datasets, Jobs
from task2vec.client.local.answers import answer, task
from task2vec.client.local.batches import run
from task2vec.client.local.questions import Answers
from task2vec.client.local.records import Models, Outcomes, Tasks
from task2vec.client.local.sources import (
    counting,
    counting_errors,
    given,
    named,
    refuse_later,
    settings_of,
)
from task2vec.client.methods import described_like
from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.batches import ItemShown
from task2vec.client.operations.embedding import PROBE
from task2vec.client.operations.naming import id_of
from task2vec.client.operations.predicting import ImagePaths, Warned, counting_images, several
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.watching import watched, watched_iteration
from task2vec.extras import needing_extras
from task2vec.messages.batches import Item
from task2vec.messages.catalogue import Tuned
from task2vec.messages.jobs import Job, NewEmbedding
from task2vec.messages.models import Model
from task2vec.messages.predictions import Prediction
from task2vec.messages.settings import TuningSettings
from task2vec.messages.tasks import Task

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

    Source = str | os.PathLike[str] | LabelledImages


@described_like(Client)
class LocalClient(Answers):
    """`task2vec.Client` without a server: one store, and this process to do the work.

    ``path`` is the folder of the store; it is created by the first thing that is stored. Use it as
    a context manager, or `close` it. Its methods have the arguments and results of a `Client`; what
    it does not have are jobs (`jobs` is empty, ``wait=False`` is refused) and data sets.
    """

    def __init__(self, path: str | os.PathLike[str] = "task2vec-store") -> None:
        # SQLAlchemy takes a third of a second to import: that is paid by who makes a client.
        with needing_extras("A local store"):
            from task2vec.service.workspace import Workspace

        super().__init__(Workspace(Path(path)))
        self.tasks = Tasks(self._workspace)
        self.models = Models(self._workspace)
        self.outcomes = Outcomes(self._workspace)
        self.jobs = Jobs()
        self.datasets = Datasets()

    @overload
    def embed(
        self,
        source: "Source",
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
    ) -> Task: ...
    @overload
    def embed(
        self,
        source: "Source",
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
    ) -> Job: ...
    @watched
    def embed(
        self,
        source: "Source",
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
    ) -> Task | Job:
        from task2vec.service.tasks.tasks import EmbedRequest
        from task2vec.service.tasks.tasks import embed as embed_here

        refuse_later(wait=wait)
        probe, settings = settings_of(
            probe=probe,
            images=images,
            estimator=estimator,
            draws=draws,
            standard_error=standard_error,
            seed=seed,
        )
        asked = ask(NewEmbedding, dataset="?", name=name, tags=texts("tags", tags))
        request = EmbedRequest(
            source=given(source),
            name=asked.name,
            probe=probe,
            settings=settings,
            tags=asked.tags,
            update=update,
        )
        tell, error = counting_errors(told_by(progress))
        return task(embed_here(self._workspace, request, tell, error))

    @watched_iteration
    def batch(
        self,
        sources: "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]",
        *,
        probe: str = PROBE,
        images: int = 300,
        estimator: str = "principal",
        draws: int = 1,
        standard_error: float | None = None,
        seed: int = 0,
        tags: Sequence[str] = (),
        update: bool = False,
        dry_run: bool = False,
        progress: ItemShown = True,
    ) -> Iterator[Item]:
        probe, settings = settings_of(
            probe=probe,
            images=images,
            estimator=estimator,
            draws=draws,
            standard_error=standard_error,
            seed=seed,
        )
        return run(
            self._workspace,
            sources,
            probe=probe,
            settings=settings,
            tags=texts("tags", tags),
            update=update,
            dry_run=dry_run,
            progress=progress if callable(progress) else None,
        )

    @overload
    def finetune(
        self,
        source: "Source",
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
    ) -> Tuned: ...
    @overload
    def finetune(
        self,
        source: "Source",
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
    ) -> Job: ...
    @watched
    def finetune(
        self,
        source: "Source",
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
    ) -> Tuned | Job:
        from task2vec.finetune.settings import FineTuningSettings
        from task2vec.service.finetuning import FineTuneRequest, finetune

        refuse_later(wait=wait)
        ask(TuningSettings, images=images, learning_rate=learning_rate)
        settings = FineTuningSettings(
            epochs=epochs, patience=patience, learning_rate=learning_rate, seed=seed
        )
        request = FineTuneRequest(
            source=named(source), start=start, name=name, images=images, settings=settings
        )
        found = finetune(
            self._workspace,
            request,
            progress=counting(told_by(progress)),
            embed_progress=counting(told_by(progress)),
        )
        return answer(Tuned, found.to_json())

    @watched_iteration
    def predict(
        self,
        model: Model | str,
        images: ImagePaths,
        *,
        here: bool = False,
        warn: Warned | None = None,
        progress: Shown = True,
    ) -> Iterator[Prediction]:
        from task2vec.service.predicting import predict

        found = predict(
            self._workspace,
            id_of(model),
            several(images),
            progress=counting_images(told_by(progress)),
            warn=warn,
        )
        return map(Prediction.model_validate, found)

    def close(self) -> None:
        """Close the store."""
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalClient({str(self._workspace.path)!r})"
