"""The zoo: starting models, and published ones that could be registered."""

from typing import Annotated

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.errors import UnknownNameError
from task2vec.messages.models import Model, ModelEdit, ModelPage, NewModel
from task2vec.messages.published import PublishedModelPage, PublishedQuestion
from task2vec.service.models import registering
from task2vec.service.models.experts import checkpoint
from task2vec.service.models.published import page_of_published
from task2vec.service.models.zoo import get_model as model_named
from task2vec.service.models.zoo import page_of_models
from task2vec_api.access import Reader, ReaderOrWorker, Writer
from task2vec_api.forms import BINARY
from task2vec_api.paging import PageQuestion
from task2vec_api.representations import (
    FileAnswer,
    IfMatch,
    IfNoneMatch,
    check_if_match,
    versioned,
)
from task2vec_api.responses import UNCHANGED, failing, made, removes, router, sent
from task2vec_api.runtime import TheWorkspace

routes = router("models")

ModelName = Annotated[
    str,
    Path(
        max_length=200,
        description="A starting model, by name or id; one with a slash in its name by id.",
        examples=["efficientnet_lite0"],
    ),
]


class ModelPageQuestion(PageQuestion):
    """Which part of the models is wanted."""


class PublishedPageQuestion(PageQuestion, PublishedQuestion):
    """Which published models are wanted, and which part of them."""


@routes.get(
    "/models",
    summary="List starting models",
    response_description="Some models, by name.",
)
def list_models(
    question: Annotated[ModelPageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> ModelPage:
    """Return the starting models by name, page by page; packaged ones are there from the start."""
    page = page_of_models(workspace, limit=question.page_size, after=question.place())
    return ModelPage(models=tuple(page.items), next_page_token=question.token(page.next))


@routes.get(
    "/published-models",
    summary="List published models",
    response_description="Some models, in the order that was asked for.",
)
def list_published_models(
    question: Annotated[PublishedPageQuestion, Query()], caller: Reader
) -> PublishedModelPage:
    """Return models of timm with published accuracies, sizes, operations and licences.

    They are what a recommendation expects of a model before anything is measured. `POST /v1/models`
    registers one by its `ref`.
    """
    models, after = page_of_published(
        question, limit=question.page_size, after=question.place() or 0
    )
    return PublishedModelPage(models=tuple(models), next_page_token=question.token(after))


@routes.post(
    "/models",
    summary="Register a starting model",
    status_code=201,
    response_model=Model,
    response_description="The new model.",
    responses=failing(404, 409, 501, 507),
)
async def add_model(new: NewModel, workspace: TheWorkspace, caller: Writer) -> Response:
    """Register a starting model by its reference; nothing is downloaded before it is used."""
    model = await run_in_threadpool(registering.add_named_model, workspace, new)
    return made(model, f"/v1/models/{model.id}")


@routes.get(
    "/models/{model}",
    summary="Show a starting model",
    response_model=Model,
    response_description="The model.",
    responses={**UNCHANGED, **failing(404)},
)
def get_model(
    model: ModelName, workspace: TheWorkspace, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a starting model."""
    return versioned(model_named(workspace, model), if_none_match)


@routes.patch(
    "/models/{model}",
    summary="Edit a starting model",
    response_model=Model,
    response_description="The model as it is after that.",
    responses=failing(404, 409, 412, 507),
)
async def edit_model(
    model: ModelName,
    edit: ModelEdit,
    workspace: TheWorkspace,
    caller: Writer,
    if_match: IfMatch = None,
) -> Response:
    """Rename a model, or state its licence; what is left out stays as it is."""
    edited = await run_in_threadpool(
        registering.edit_model,
        workspace,
        model,
        edit,
        check=lambda present: check_if_match(if_match, present),
    )
    return versioned(edited)


@routes.delete("/models/{model}", summary="Remove a starting model", **removes(409, 412, 507))
def delete_model(
    model: ModelName,
    workspace: TheWorkspace,
    caller: Writer,
    cascade: Annotated[bool, Query(description="Remove its outcomes, too.")] = False,
    if_match: IfMatch = None,
) -> Response:
    """Remove a model, with its checkpoint if it is an expert of this server.

    Packaged models stay, and so does, without `cascade`, a model that outcomes hang on.
    """
    registering.remove_model(
        workspace,
        model,
        cascade=cascade,
        check=lambda present: check_if_match(if_match, present),
    )
    return Response(status_code=204)


@routes.get(
    "/models/{model}/checkpoint",
    summary="Download an expert's weights",
    response_class=FileAnswer,
    responses={
        **sent(
            200,
            "The weights as a safetensors file.",
            **{"application/octet-stream": {"schema": BINARY}},
        ),
        **sent(206, "The part that Range asks for."),
        **failing(404, 416),
    },
)
def get_checkpoint(model: ModelName, workspace: TheWorkspace, caller: ReaderOrWorker) -> Response:
    """Return the weights of an expert that was fine-tuned here; other models name their origin."""
    expert = model_named(workspace, model)
    path = checkpoint(workspace, expert)
    if path is None or not path.is_file():
        raise UnknownNameError(
            f"Model '{expert.name}' has no checkpoint on this server",
            remedy=f"Its weights come from {expert.ref}." if path is None else None,
        )
    return FileAnswer(
        path, media_type="application/octet-stream", filename=f"{expert.id}.safetensors"
    )
