"""The stored tasks, models and outcomes of a local store."""

import builtins
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from task2vec.errors import InputError
from task2vec.sdk import client
from task2vec.sdk.local.answers import answer, details, outcome, task
from task2vec.sdk.local.part import Part
from task2vec.sdk.methods import described_like
from task2vec.sdk.operations.asking import ask
from task2vec.sdk.operations.outcomes import stated
from task2vec.sdk.saving import no_checkpoint, save_weights
from task2vec.service.outcome_file import Measured
from task2vec.wire.models import Model, ModelEdit, NewModel
from task2vec.wire.outcomes import NewOutcome, Outcome
from task2vec.wire.tasks import Task, TaskDetails, TaskEdit

if TYPE_CHECKING:
    from task2vec.types import TaskEmbedding


@described_like(client.Tasks)
class Tasks(Part):
    """The stored tasks."""

    def list(self, *, tag: str | None = None, probe: str | None = None) -> Iterator[Task]:
        store = self._workspace.existing_store()
        return map(task, store.tasks.list(tag=tag, probe=probe) if store else [])

    def get(self, task: str) -> TaskDetails:
        return details(self._workspace.store().tasks.get(task))

    def embedding(self, task: str) -> "TaskEmbedding":
        return self._workspace.store().tasks.embedding(task)

    def export(self, task: str, path: str | os.PathLike[str]) -> Task:
        from task2vec.service.tasks import export

        return answer(Task, export(self._workspace, task, Path(path)).to_json())

    def import_embedding(
        self,
        embedding: "str | os.PathLike[str] | TaskEmbedding",
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        update: bool = False,
    ) -> Task:
        from task2vec.embedding.files import save_embedding
        from task2vec.service.imports import add_embedding

        asked = ask(TaskEdit, name=name, tags=tuple(tags))
        with TemporaryDirectory() as folder:
            if isinstance(embedding, str | os.PathLike):
                path = Path(embedding).expanduser()
            else:
                if asked.name is None:
                    raise InputError(
                        "An embedding that is no file needs a name", remedy="Give name=..."
                    )
                path = Path(folder, "embedding.npz")
                save_embedding(embedding, path, name=asked.name)
            record = add_embedding(
                self._workspace, path, name=asked.name, tags=asked.tags or (), update=update
            )
        return task(record)

    def edit(
        self, task: str, *, name: str | None = None, tags: Sequence[str] | None = None
    ) -> Task:
        from task2vec.service.catalogue import edit_task

        asked = ask(TaskEdit, name=name, tags=None if tags is None else tuple(tags))
        record = edit_task(self._workspace, task, name=asked.name, tags=asked.tags)
        return answer(Task, record.to_json())

    def remove(self, task: str, *, cascade: bool = False) -> Task:
        from task2vec.service.zoo import remove_task

        return answer(Task, remove_task(self._workspace, task, cascade=cascade).to_json())


@described_like(client.Models)
class Models(Part):
    """The starting models."""

    def add(self, ref: str, *, name: str | None = None, task: str | None = None) -> Model:
        from task2vec.service.zoo import add_model

        asked = ask(NewModel, ref=ref, name=name, task=task)
        record = add_model(self._workspace, asked.ref, name=asked.name, task=asked.task)
        return answer(Model, record.to_json())

    def list(self) -> Iterator[Model]:
        from task2vec.service.zoo import list_models

        return (answer(Model, record.to_json()) for record in list_models(self._workspace))

    def get(self, model: str) -> Model:
        from task2vec.service.zoo import get_model

        return answer(Model, get_model(self._workspace, model).to_json())

    def export(self, model: str, path: str | os.PathLike[str]) -> Model:
        from task2vec.service.experts import checkpoint
        from task2vec.service.zoo import get_model

        record = get_model(self._workspace, model)
        found = answer(Model, record.to_json())
        weights = checkpoint(self._workspace, record)
        if weights is None or not weights.is_file():
            raise no_checkpoint(found)
        save_weights(Path(path), weights.read_bytes(), of=found)
        return found

    def edit(self, model: str, *, name: str | None = None, licence: str | None = None) -> Model:
        from task2vec.service.catalogue import edit_model

        asked = ask(ModelEdit, name=name, licence=licence)
        record = edit_model(self._workspace, model, name=asked.name, licence=asked.licence)
        return answer(Model, record.to_json())

    def remove(self, model: str, *, cascade: bool = False) -> Model:
        from task2vec.service.zoo import remove_model

        return answer(Model, remove_model(self._workspace, model, cascade=cascade).to_json())


@described_like(client.Outcomes)
class Outcomes(Part):
    """What fine-tuning gave."""

    def add(
        self,
        model: str,
        task: str,
        accuracy: float,
        *,
        protocol: str = "fine-tuning",
        images: int | None = None,
        seed: int | None = None,
    ) -> Outcome:
        measured = Measured(model, task, accuracy, protocol=protocol, images=images, seed=seed)
        (added,) = self.add_many([stated(measured)])
        return added

    def add_many(self, outcomes: Iterable[NewOutcome]) -> builtins.list[Outcome]:
        from task2vec.service.catalogue import add_outcomes

        measured = [Measured(**each.model_dump()) for each in outcomes]
        # An outcome is of a stored task: without a store there is none, and none is made.
        self._workspace.store()
        added = add_outcomes(self._workspace, measured) if measured else []
        return [answer(Outcome, each.to_json()) for each in added]

    def import_csv(self, path: str | os.PathLike[str]) -> builtins.list[Outcome]:
        from task2vec.service.outcomes import import_outcomes

        added = import_outcomes(self._workspace, Path(path))
        store = self._workspace.existing_store()
        models = {model.id: model.name for model in store.models.list()} if store else {}
        tasks = {task.id: task.name for task in store.tasks.list()} if store else {}
        return [
            outcome(record, model=models[record.model], task=tasks[record.task]) for record in added
        ]

    def list(self, *, model: str | None = None, task: str | None = None) -> Iterator[Outcome]:
        from task2vec.service.outcomes import list_outcomes

        found = list_outcomes(self._workspace, model=model, task=task)
        return (outcome(record, model=of, task=on) for record, of, on in found)
