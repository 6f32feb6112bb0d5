"""The stored tasks, models and outcomes of a local store."""

import builtins
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from task2vec.client import client
from task2vec.client.items import Items
from task2vec.client.local.answers import answer, details, task
from task2vec.client.local.part import Part
from task2vec.client.methods import described_like
from task2vec.client.operations.asking import ask, texts
from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.outcomes import stated
from task2vec.client.saving import ONNX, check_target, no_checkpoint, save_weights
from task2vec.errors import InputError
from task2vec.messages.models import Model, ModelEdit, NewModel
from task2vec.messages.outcomes import NewOutcome, Outcome
from task2vec.messages.published import PublishedModel, PublishedQuestion
from task2vec.messages.tasks import Task, TaskDetails, TaskEdit
from task2vec.service.outcomes.outcome_file import Measured

if TYPE_CHECKING:
    from task2vec.types import TaskEmbedding


@described_like(client.Tasks)
class Tasks(Part):
    """The stored tasks."""

    def list(
        self, *, tag: str | None = None, probe: str | None = None, page_size: int | None = None
    ) -> Iterator[Task]:
        size_of_pages(page_size)
        store = self._workspace.existing_store()
        return Items(map(task, store.tasks.list(tag=tag, probe=probe) if store else []))

    def get(self, task: Task | str) -> TaskDetails:
        return details(self._workspace.store().tasks.get(id_of(task)))

    def embedding(self, task: Task | str) -> "TaskEmbedding":
        return self._workspace.store().tasks.embedding(id_of(task))

    def export(self, task: Task | str, path: str | os.PathLike[str]) -> Task:
        from task2vec.service.tasks.tasks import export

        return answer(Task, export(self._workspace, id_of(task), Path(path)).to_json())

    def import_embedding(
        self,
        embedding: "str | os.PathLike[str] | TaskEmbedding",
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        update: bool = False,
    ) -> Task:
        from task2vec.embedding.files import save_embedding
        from task2vec.service.tasks.imports import add_embedding

        asked = ask(TaskEdit, name=name, tags=texts("tags", tags))
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
        self, task: Task | str, *, name: str | None = None, tags: Sequence[str] | None = None
    ) -> Task:
        from task2vec.service.tasks.catalogue import edit_task

        asked = ask(TaskEdit, name=name, tags=None if tags is None else texts("tags", tags))
        record = edit_task(self._workspace, id_of(task), name=asked.name, tags=asked.tags)
        return answer(Task, record.to_json())

    def remove(self, task: Task | str, *, cascade: bool = False) -> Task:
        from task2vec.service.models.zoo import remove_task

        removed = remove_task(self._workspace, id_of(task), cascade=cascade)
        return answer(Task, removed.to_json())


@described_like(client.Models)
class Models(Part):
    """The starting models."""

    def add(self, ref: str, *, name: str | None = None, task: Task | str | None = None) -> Model:
        from task2vec.service.models.zoo import add_model

        asked = ask(NewModel, ref=ref, name=name, task=None if task is None else id_of(task))
        record = add_model(self._workspace, asked.ref, name=asked.name, task=asked.task)
        return answer(Model, record.to_json())

    def list(self, *, page_size: int | None = None) -> Iterator[Model]:
        from task2vec.service.models.zoo import list_models

        size_of_pages(page_size)
        return Items(answer(Model, each.to_json()) for each in list_models(self._workspace))

    def published(
        self,
        *,
        max_parameters: int | None = None,
        max_operations: int | None = None,
        max_input_size: int | None = None,
        architecture: str | None = None,
        licence: str | None = None,
        figure: str = "imagenet",
        costs: Sequence[str] = ("parameters",),
        pareto: bool = True,
        sort: str = "accuracy",
        page_size: int | None = None,
    ) -> Iterator[PublishedModel]:
        from task2vec.service.models.limits import Limits
        from task2vec.service.models.published import PublishedQuestion as Question
        from task2vec.service.models.published import page_of_published

        size_of_pages(page_size)
        asked = ask(
            PublishedQuestion,
            max_parameters=max_parameters,
            max_operations=max_operations,
            max_input_size=max_input_size,
            architecture=architecture,
            licence=licence,
            figure=figure,
            costs=tuple(costs),
            pareto=pareto,
            sort=sort,
        )
        limits = Limits(max_parameters, architecture, licence, max_input_size)
        question = Question(
            limits, max_operations, asked.figure, asked.costs, pareto=pareto, order=asked.sort
        )
        return Items(answer(PublishedModel, each) for each in page_of_published(question).models)

    def get(self, model: Model | str) -> Model:
        from task2vec.service.models.zoo import get_model

        return answer(Model, get_model(self._workspace, id_of(model)).to_json())

    def export(self, model: Model | str, path: str | os.PathLike[str]) -> Model:
        from task2vec.service.models.experts import checkpoint
        from task2vec.service.models.zoo import get_model
        from task2vec.service.predicting import export_onnx

        if Path(path).suffix == ONNX:
            written = export_onnx(self._workspace, id_of(model), Path(path))
            return answer(Model, written.to_json())
        record = get_model(self._workspace, id_of(model))
        check_target(Path(path))
        found = answer(Model, record.to_json())
        weights = checkpoint(self._workspace, record)
        if weights is None or not weights.is_file():
            raise no_checkpoint(found)
        save_weights(Path(path), weights.read_bytes(), of=found)
        return found

    def edit(
        self, model: Model | str, *, name: str | None = None, licence: str | None = None
    ) -> Model:
        from task2vec.service.tasks.catalogue import edit_model

        asked = ask(ModelEdit, name=name, licence=licence)
        record = edit_model(self._workspace, id_of(model), name=asked.name, licence=asked.licence)
        return answer(Model, record.to_json())

    def remove(self, model: Model | str, *, cascade: bool = False) -> Model:
        from task2vec.service.models.zoo import remove_model

        removed = remove_model(self._workspace, id_of(model), cascade=cascade)
        return answer(Model, removed.to_json())


@described_like(client.Outcomes)
class Outcomes(Part):
    """What fine-tuning gave."""

    def add(
        self,
        model: Model | str,
        task: Task | str,
        accuracy: float,
        *,
        protocol: str = "fine-tuning",
        images: int | None = None,
        seed: int | None = None,
    ) -> Outcome:
        of, on = id_of(model), id_of(task)
        measured = Measured(of, on, accuracy, protocol=protocol, images=images, seed=seed)
        (added,) = self.add_many([stated(measured)])
        return added

    def add_many(self, outcomes: Iterable[NewOutcome]) -> builtins.list[Outcome]:
        from task2vec.service.outcomes.recording import add_outcomes

        measured = [Measured(**each.model_dump()) for each in outcomes]
        added = add_outcomes(self._workspace, measured) if measured else []
        return [answer(Outcome, each.to_json()) for each in added]

    def import_csv(self, path: str | os.PathLike[str]) -> builtins.list[Outcome]:
        from task2vec.service.outcomes.recording import import_outcomes

        added = import_outcomes(self._workspace, Path(path))
        return [answer(Outcome, each.to_json()) for each in added]

    def list(
        self,
        *,
        model: Model | str | None = None,
        task: Task | str | None = None,
        protocol: str | None = None,
        created: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Outcome]:
        from task2vec.service.outcomes.outcomes import list_outcomes

        size_of_pages(page_size)
        found = list_outcomes(
            self._workspace,
            model=None if model is None else id_of(model),
            task=None if task is None else id_of(task),
            protocol=protocol,
            created=created,
        )
        return Items(answer(Outcome, each.to_json()) for each in found)

    def get(self, outcome: Outcome | str) -> Outcome:
        from task2vec.service.outcomes.outcomes import get_outcome

        return answer(Outcome, get_outcome(self._workspace, id_of(outcome)).to_json())

    def remove(self, outcome: Outcome | str) -> Outcome:
        (removed,) = self.remove_many([outcome])
        return removed

    def remove_many(self, outcomes: Iterable[Outcome | str]) -> builtins.list[Outcome]:
        from task2vec.service.outcomes.outcomes import remove_outcomes

        ids = [id_of(each) for each in outcomes]
        removed = remove_outcomes(self._workspace, ids) if ids else []
        return [answer(Outcome, each.to_json()) for each in removed]
