"""The client that works on a store of this machine, without a server."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

    from task2vec.data.task import Task
    from task2vec.embedding.settings import EmbeddingSettings
    from task2vec.recommend.recommendation import Recommended
    from task2vec.recommend.tuning_settings import FineTuningSettings
    from task2vec.service.batches import ItemResult
    from task2vec.service.finetuning import FineTuneResult
    from task2vec.service.maps import TaskMap
    from task2vec.service.recommendation import Limits
    from task2vec.service.search import PairDistances
    from task2vec.service.workspace import Workspace
    from task2vec.types import ModelRecord, Neighbour, Outcome, TaskEmbedding, TaskRecord


class LocalClient:
    """Everything the command line does, from Python: one store, one engine.

    ``path`` is the folder of the store; it is created by the first thing that is stored. Use the
    client as a context manager, or `close` it. Names of tasks win over paths; ``./x`` is a path.
    Every method raises subclasses of `Task2VecError` that say how to mend what is wrong.
    """

    def __init__(self, path: str | os.PathLike[str] = "task2vec-store") -> None:
        # SQLAlchemy takes a third of a second to import: that is paid by who makes a client.
        from task2vec.service.workspace import Workspace

        self._workspace = Workspace(Path(path))
        self.tasks = Tasks(self._workspace)
        self.models = Models(self._workspace)
        self.outcomes = Outcomes(self._workspace)

    def embed(
        self,
        source: str | os.PathLike[str] | Task,
        *,
        name: str | None = None,
        probe: str = "efficientnet_lite0",
        settings: EmbeddingSettings | None = None,
        tags: Sequence[str] = (),
        update: bool = False,
    ) -> TaskRecord:
        """Embed a source and store it; it is on disk when this returns."""
        from task2vec.service.tasks import EmbedRequest, embed

        given = os.fspath(source) if isinstance(source, os.PathLike) else source
        request = EmbedRequest(
            source=given,
            name=name,
            probe=probe,
            settings=settings,
            tags=tuple(tags),
            update=update,
        )
        return embed(self._workspace, request)

    def batch(
        self,
        sources: str | os.PathLike[str],
        *,
        probe: str = "efficientnet_lite0",
        settings: EmbeddingSettings | None = None,
        tags: Sequence[str] = (),
        update: bool = False,
    ) -> Iterator[ItemResult]:
        """Embed every source of a folder or list; yields each result once it is on disk."""
        from task2vec.service.batch_items import find_items
        from task2vec.service.batches import BatchRequest, run_batch

        request = BatchRequest(probe=probe, settings=settings, tags=tuple(tags), update=update)
        return run_batch(self._workspace, find_items(Path(sources)), request)

    def search(self, task: str, *, k: int = 5, asymmetric: bool = False) -> list[Neighbour]:
        """Return the nearest stored tasks; asymmetric ones are the best sources for ``task``."""
        from task2vec.service.search import neighbours
        from task2vec.service.subjects import resolve

        subject = resolve(self._workspace, task)
        return neighbours(self._workspace, subject, k=k, asymmetric=asymmetric)

    def distance(self, source: str, target: str) -> PairDistances:
        """Return all distances between two tasks, both ways."""
        from task2vec.service.search import distances
        from task2vec.service.subjects import resolve

        return distances(resolve(self._workspace, source), resolve(self._workspace, target))

    def recommend(
        self, task: str, *, k: int = 5, limits: Limits | None = None, images: int = 300
    ) -> Recommended:
        """Rank starting models for a stored task or a source."""
        from task2vec.embedding.settings import EmbeddingSettings
        from task2vec.service.recommendation import recommend
        from task2vec.service.subjects import resolve

        subject = resolve(self._workspace, task, settings=EmbeddingSettings(images=images))
        return recommend(self._workspace, subject, k=k, limits=limits, images=images)

    def finetune(
        self,
        source: str,
        *,
        start: str = "efficientnet_lite0",
        name: str | None = None,
        images: int = 400,
        settings: FineTuningSettings | None = None,
    ) -> FineTuneResult:
        """Fine-tune a starting model on a task: a new expert, with an honest accuracy."""
        from task2vec.recommend.tuning_settings import FineTuningSettings
        from task2vec.service.finetuning import FineTuneRequest, finetune

        request = FineTuneRequest(
            source=source,
            start=start,
            name=name,
            images=images,
            settings=settings or FineTuningSettings(),
        )
        return finetune(self._workspace, request)

    def map(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        method: str = "mds",
        thumbnails: bool = False,
    ) -> TaskMap:
        """Lay out the stored tasks in the plane; draw them to ``path`` if one is given."""
        from task2vec.plots.layout import LayoutMethod
        from task2vec.service.maps import draw

        target = None if path is None else Path(path)
        return draw(self._workspace, target, method=LayoutMethod(method), thumbnails=thumbnails)

    def close(self) -> None:
        """Close the store."""
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Tasks:
    """The stored tasks."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def list(self, *, tag: str | None = None) -> list[TaskRecord]:
        """Return all tasks, by name; none where there is no store yet."""
        store = self._workspace.existing_store()
        return store.tasks.list(tag=tag) if store else []

    def get(self, name: str) -> TaskRecord:
        """Return one task by name or id."""
        return self._workspace.store().tasks.get(name)

    def embedding(self, name: str) -> TaskEmbedding:
        """Return a task's embedding."""
        return self._workspace.store().tasks.embedding(name)

    def export(self, name: str, path: str | os.PathLike[str]) -> TaskRecord:
        """Write a task's embedding to a .npz file."""
        from task2vec.service.tasks import export

        return export(self._workspace, name, Path(path))

    def remove(self, name: str, *, cascade: bool = False) -> TaskRecord:
        """Remove a task; with ``cascade`` its experts and outcomes too."""
        from task2vec.service.zoo import remove_task

        return remove_task(self._workspace, name, cascade=cascade)


class Models:
    """The starting models."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(self, ref: str, *, name: str | None = None, task: str | None = None) -> ModelRecord:
        """Register a starting model by its reference."""
        from task2vec.service.zoo import add_model

        return add_model(self._workspace, ref, name=name, task=task)

    def list(self) -> list[ModelRecord]:
        """Return all models; packaged ones are there from the start."""
        from task2vec.service.zoo import list_models

        return list_models(self._workspace)

    def get(self, name: str) -> ModelRecord:
        """Return one model by name or id."""
        from task2vec.service.zoo import get_model

        return get_model(self._workspace, name)

    def remove(self, name: str, *, cascade: bool = False) -> ModelRecord:
        """Remove a model; with ``cascade`` its outcomes too."""
        from task2vec.service.zoo import remove_model

        return remove_model(self._workspace, name, cascade=cascade)


class Outcomes:
    """What fine-tuning gave."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(self, model: str, task: str, accuracy: float, **details: Any) -> Outcome:
        """Record one outcome; ``details`` are ``protocol``, ``images`` and ``seed``."""
        from task2vec.service.outcome_file import Measured
    from task2vec.service.outcomes import add_outcome

        return add_outcome(self._workspace, Measured(model, task, accuracy, **details))

    def import_csv(self, path: str | os.PathLike[str]) -> list[Outcome]:
        """Record the outcomes of a CSV file, all or none."""
        from task2vec.service.outcomes import import_outcomes

        return import_outcomes(self._workspace, Path(path))

    def list(
        self, *, model: str | None = None, task: str | None = None
    ) -> list[tuple[Outcome, str, str]]:
        """Return the outcomes, each with the names of its model and task."""
        from task2vec.service.outcomes import list_outcomes

        return list_outcomes(self._workspace, model=model, task=task)
