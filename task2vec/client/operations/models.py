"""The starting models."""

import os
from pathlib import Path
from typing import Any

from task2vec.client.experts import check_expert, save_onnx
from task2vec.client.operations.asking import ask
from task2vec.client.operations.named import path_of_model
from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.request import Method, Request, delete, get, patch, post, segment
from task2vec.client.saving import ONNX, check_target, save_weights
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, Stream, compute
from task2vec.messages.models import Model, ModelEdit, ModelPage, NewModel
from task2vec.messages.tasks import Task


def add_model(
    sender: Sender, ref: str, *, name: str | None = None, task: Task | str | None = None
) -> Steps[Model]:
    """Register a starting model by its reference, as an expert of a stored ``task`` if given.

    Raises `UnknownNameError`, `WeightsError` or `InputError` for an unusable reference, and
    `NameTakenError`.
    """
    owner = None if task is None else id_of(task)
    return call(sender, post("/models", Model, ask(NewModel, ref=ref, name=name, task=owner)))


def list_models(sender: Sender, *, page_size: int | None = None) -> Stream[Model]:
    """Yield the models; packaged ones are there from the start.

    A server gives ``page_size`` of them at a time.
    """
    request = get("/models", ModelPage, page_size=size_of_pages(page_size))
    return pages(sender, request, lambda page: page.models)


def get_model(sender: Sender, model: Model | str) -> Steps[Model]:
    """Return one model by name or id; raises `UnknownNameError`."""
    path = yield from path_of_model(sender, id_of(model))
    found = yield from call(sender, get(path, Model))
    return found


def edit_model(
    sender: Sender, model: Model | str, *, name: str | None = None, licence: str | None = None
) -> Steps[Model]:
    """Change a model's name or licence; None leaves them.

    Raises `UnknownNameError`, `NameTakenError`, and `InputError` for a packaged model.
    """
    changes: dict[str, Any] = {} if name is None else {"name": name}
    changes |= {} if licence is None else {"licence": licence}
    question = ask(ModelEdit, **changes)
    found = yield from get_model(sender, model)
    if changes:
        found = yield from call(sender, patch(f"/models/{segment(found.id)}", Model, question))
    return found


def export_model(sender: Sender, model: Model | str, path: str | os.PathLike[str]) -> Steps[Model]:
    """Write an expert's weights to a .safetensors file under timm's names, whole or not at all.

    To a .onnx file goes all that classifies: backbone, classifier and temperature. That takes
    ``task2vec[local,onnx]`` here, also where a server has the expert.

    Raises `UnknownNameError` for a model that is not there or whose weights are not in the store,
    `WeightsError` when they are damaged or cannot be written as ONNX, and `InputError` when the
    file cannot be written, or for .onnx the model has no classes of its own.
    """
    found = yield from get_model(sender, model)
    yield from compute(lambda: check_target(Path(path)))
    as_onnx = Path(path).suffix == ONNX
    if as_onnx:
        yield from compute(lambda: check_expert(found))
    content = yield from checkpoint_of(sender, found)
    save = save_onnx if as_onnx else save_weights
    yield from compute(lambda: save(Path(path), content, of=found))
    return found


def checkpoint_of(sender: Sender, model: Model) -> Steps[bytes]:
    """Return the bytes of an expert's file; raises `UnknownNameError` where the store has none."""
    path = f"/models/{segment(model.id)}/checkpoint"
    return call(sender, Request(Method.GET, path, lambda answer: answer.content))


def remove_model(sender: Sender, model: Model | str, *, cascade: bool = False) -> Steps[Model]:
    """Remove a model and return what it was; with ``cascade`` its outcomes go too.

    Raises `UnknownNameError`, and `InputError` when outcomes hang on it without ``cascade``, or for
    a packaged model.
    """
    found = yield from get_model(sender, model)
    yield from call(sender, delete(f"/models/{segment(found.id)}", cascade=cascade))
    return found
