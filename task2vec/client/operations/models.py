"""The starting models."""

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from task2vec.client.backend import Backend, pages
from task2vec.client.files import ONNX, check_expert, check_expert_file, save_onnx, save_weights
from task2vec.client.methods import Call, M, Part, Stream
from task2vec.client.questions import ask, id_of, size_of_pages
from task2vec.client.request import delete, fetch, get, patch, post
from task2vec.messages.models import Model, ModelEdit, ModelPage, NewModel
from task2vec.messages.published import PublishedModel, PublishedModelPage, PublishedQuestion
from task2vec.messages.tasks import Task


class Models(Part[M]):
    """The starting models."""

    @Call
    async def add(
        self, ref: str, *, name: str | None = None, task: Task | str | None = None
    ) -> Model:
        """Register a starting model by its reference, as an expert of a stored ``task`` if given.

        Raises `UnknownNameError`, `WeightsError` or `InputError` for an unusable reference, and
        `NameTakenError`.
        """
        owner = None if task is None else id_of(task)
        question = ask(NewModel, ref=ref, name=name, task=owner)
        return await self.backend.ask(post(Model, "/models", question=question))

    @Stream
    def list(self, *, page_size: int | None = None) -> AsyncIterator[Model]:
        """Yield the models; packaged ones are there from the start.

        A server gives ``page_size`` of them at a time.
        """
        request = get(ModelPage, "/models", page_size=size_of_pages(page_size))
        return pages(self.backend, request, lambda page: page.models)

    @Stream
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
    ) -> AsyncIterator[PublishedModel]:
        """Yield published models, by default those that no other beats in accuracy and parameters.

        ``figure`` names the test images that the accuracy is of (imagenet, real, v2, r, a, sketch),
        ``costs`` what it is traded for (parameters, operations, input_size), ``sort`` the order
        (accuracy, one of the costs, name). ``architecture`` is a pattern, `*` standing for
        anything. With ``pareto`` false all models within the limits come. Raises `SettingError` for
        anything else.
        """
        question = ask(
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
        size = size_of_pages(page_size)
        request = get(PublishedModelPage, "/published-models", question=question, page_size=size)
        return pages(self.backend, request, lambda page: page.models)

    @Call
    async def get(self, model: Model | str) -> Model:
        """Return one model by name or id; raises `UnknownNameError`."""
        return await _record(self.backend, model)

    @Call
    async def export(self, model: Model | str, path: str | os.PathLike[str]) -> Model:
        """Write an expert's weights to a .safetensors file under timm's names, whole or not at all.

        To a .onnx file goes all that classifies: backbone, classifier and temperature. That takes
        ``task2vec[local,onnx]`` here, also where a server has the expert.

        Raises `UnknownNameError` for a model that is not there or whose weights are not in the
        store, `WeightsError` when they are damaged or cannot be written as ONNX, and `InputError`
        when the file cannot be written, or for .onnx the model has no classes of its own.
        """
        target = Path(path)
        record = await _record(self.backend, model)
        await self.backend.compute(lambda: check_expert_file(target))
        if target.suffix == ONNX:
            check_expert(record)
        content = await self.backend.ask(fetch("/models/{}/checkpoint", record.id))
        save = save_onnx if target.suffix == ONNX else save_weights
        await self.backend.compute(lambda: save(target, content, of=record))
        return record

    @Call
    async def edit(
        self, model: Model | str, *, name: str | None = None, licence: str | None = None
    ) -> Model:
        """Change a model's name or licence; None leaves them.

        Raises `UnknownNameError`, `NameTakenError`, and `InputError` for a packaged model.
        """
        changes: dict[str, Any] = {} if name is None else {"name": name}
        changes |= {} if licence is None else {"licence": licence}
        question = ask(ModelEdit, **changes)
        record = await _record(self.backend, model)
        if not changes:
            return record
        return await self.backend.ask(patch(Model, "/models/{}", record.id, question=question))

    @Call
    async def remove(self, model: Model | str, *, cascade: bool = False) -> Model:
        """Remove a model and return what it was; with ``cascade`` its outcomes go too.

        Raises `UnknownNameError`, and `InputError` when outcomes hang on it without ``cascade``, or
        for a packaged model.
        """
        record = await _record(self.backend, model)
        await self.backend.ask(delete("/models/{}", record.id, cascade=cascade))
        return record


async def _record(backend: Backend, model: Model | str) -> Model:
    return await backend.ask(get(Model, "/models/{}", id_of(model)))
