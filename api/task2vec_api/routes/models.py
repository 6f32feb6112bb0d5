"""The zoo: starting models."""

from typing import Annotated

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.errors import UnknownNameError
from task2vec.messages.models import Model, ModelEdit, ModelPage, NewModel
from task2vec.service.models import registering
from task2vec.service.models.experts import checkpoint
from task2vec.service.models.zoo import get_model as find_model
from task2vec.service.models.zoo import page_of_models
from task2vec_api.access import Reader, ReaderOrWorker, Writer
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.representations import (
    FileAnswer,
    IfMatch,
    IfNoneMatch,
    check_if_match,
    etag_of,
    not_modified,
)
from task2vec_api.responses import failing, json_answer, router, sent, told
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


@routes.get(
    "/models",
    summary="List starting models",
    response_description="Some models, by name.",
)
def list_models(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
) -> ModelPage:
    """Return the starting models by name, page by page; packaged ones are there from the start."""
    listing = Listing("models")
    page = page_of_models(workspace, limit=page_size, after=listing.place(page_token))
    return ModelPage(models=tuple(page.items), next_page_token=listing.token(page.next))


@routes.post(
    "/models",
    summary="Register a starting model",
    status_code=201,
    response_model=Model,
    responses={**told(201, Model, "The new model."), **failing(404, 409, 501, 507)},
)
async def add_model(new: NewModel, workspace: TheWorkspace, caller: Writer) -> Response:
    """Register a starting model by its reference; nothing is downloaded before it is used."""
    model = await run_in_threadpool(registering.add_named_model, workspace, new)
    headers = {"Location": f"/v1/models/{model.id}"}
    return json_answer(model, status=201, headers=headers)


@routes.get(
    "/models/{model}",
    summary="Show a starting model",
    response_model=Model,
    responses={
        **told(200, Model, "The model."),
        **sent(304, "It is as it was: the ETag is one of If-None-Match."),
        **failing(404),
    },
)
def get_model(
    model: ModelName, workspace: TheWorkspace, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a starting model."""
    return _answer(find_model(workspace, model), if_none_match)


@routes.patch(
    "/models/{model}",
    summary="Edit a starting model",
    response_model=Model,
    responses={**told(200, Model, "The model as it is after that."), **failing(404, 409, 412, 507)},
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
        check=lambda found: check_if_match(if_match, _etag(found)),
    )
    return _answer(edited)


@routes.delete(
    "/models/{model}",
    summary="Remove a starting model",
    status_code=204,
    response_class=Response,
    responses={**sent(204, "It is gone."), **failing(404, 409, 412, 507)},
)
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
        check=lambda found: check_if_match(if_match, _etag(found)),
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
            **{
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            },
        ),
        **sent(206, "The part that Range asks for."),
        **failing(404, 416),
    },
)
def get_checkpoint(model: ModelName, workspace: TheWorkspace, caller: ReaderOrWorker) -> Response:
    """Return the weights of an expert that was fine-tuned here; other models name their origin."""
    found = find_model(workspace, model)
    path = checkpoint(workspace, found)
    if path is None or not path.is_file():
        raise UnknownNameError(
            f"Model '{found.name}' has no checkpoint on this server",
            remedy=f"Its weights come from {found.ref}." if path is None else None,
        )
    return FileAnswer(
        path, media_type="application/octet-stream", filename=f"{found.id}.safetensors"
    )


def _etag(model: Model) -> str:
    return etag_of(model.model_dump(mode="json"))


def _answer(model: Model, if_none_match: str | None = None) -> Response:
    etag = _etag(model)
    known = not_modified(if_none_match, etag)
    if known is not None:
        return known
    return json_answer(model, headers={"ETag": etag})
