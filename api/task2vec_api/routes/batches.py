"""Batches: many embeddings under one id."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response, StreamingResponse

from task2vec.jobs import batches
from task2vec.jobs.job_messages import item_message
from task2vec.messages.batches import (
    Batch,
    BatchCheck,
    BatchPage,
    ForeseenItems,
    ItemPage,
    NewBatch,
    NewItems,
)
from task2vec.service.workspace import Workspace
from task2vec_api.access import Reader, Writer
from task2vec_api.paging import PageQuestion
from task2vec_api.representations import Accept, choose
from task2vec_api.responses import failing, json_answer, made, router
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("batches")

BatchId = Annotated[
    str, Path(max_length=200, description="A batch's id.", examples=["bat_01kb2m2k4d6f8h0j"])
]


class BatchPageQuestion(PageQuestion):
    """Which part of the batches is wanted."""


class ItemPageQuestion(PageQuestion):
    """Which part of the items of a batch is wanted."""


_JSON, _LINES = "application/json", "application/jsonl"
_LINES_AT_ONCE = 500


@routes.post(
    "/batches",
    summary="Begin a batch",
    status_code=202,
    response_model=Batch,
    response_description="The batch: follow it under Location.",
    responses=failing(507),
)
async def create_batch(new: NewBatch, runtime: TheRuntime, caller: Writer) -> Response:
    """Embed many data sets with the same settings; an item that cannot be worked on fails alone."""
    created = await runtime.change(batches.create, runtime.workspace, new, owner=caller.key)
    return made(Batch.model_validate(created), f"/v1/batches/{created.id}", status=202)


@routes.post(
    "/batches:check",
    summary="Check a batch before anything is sent",
    response_description="What would become of each item.",
)
def check_batch(new: BatchCheck, runtime: TheRuntime, caller: Writer) -> ForeseenItems:
    """Return what would become of data sets that are not uploaded yet; nothing is changed.

    An item is `pending` if it would be uploaded and embedded, `unchanged` if its task is stored
    already from the same bytes with the same settings, and `failed` with the error that the batch
    would give it. Images are not looked at: an archive that cannot be read fails when it is sent.
    """
    items = batches.check(runtime.workspace, new, largest=runtime.settings.upload_bytes)
    return ForeseenItems(items=tuple(map(item_message, items)))


@routes.get(
    "/batches",
    summary="List batches",
    response_description="Some batches, newest first.",
)
def list_batches(
    question: Annotated[BatchPageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> BatchPage:
    """Return the batches, newest first, page by page."""
    page, following = workspace.store().batches.page(
        limit=question.page_size, before=question.place()
    )
    return BatchPage(
        batches=tuple(map(Batch.model_validate, page)), next_page_token=question.token(following)
    )


@routes.get(
    "/batches/{batch}",
    summary="Show a batch",
    response_description="The batch, and how far it is.",
    responses=failing(404),
)
def get_batch(batch: BatchId, workspace: TheWorkspace, caller: Reader) -> Batch:
    """Return a batch with the number of its items in each status."""
    return Batch.model_validate(workspace.store().batches.get(batch))


@routes.post(
    "/batches/{batch}/items",
    summary="Add items to a batch",
    status_code=202,
    response_model=Batch,
    response_description="The batch with its new items.",
    responses=failing(404, 507),
)
async def add_items(batch: BatchId, new: NewItems, runtime: TheRuntime, caller: Writer) -> Response:
    """Add data sets to a batch, to be embedded with its settings."""
    grown = await runtime.change(batches.append, runtime.workspace, batch, new)
    return made(Batch.model_validate(grown), f"/v1/batches/{grown.id}", status=202)


@routes.get(
    "/batches/{batch}/items",
    summary="List a batch's items",
    response_model=ItemPage,
    response_description="Some items in their order; as JSON Lines, all of them.",
    responses={
        200: {
            "content": {
                _LINES: {
                    "schema": {"type": "string"},
                    "example": '{"position":0,"name":"greek_1","status":"pending"}\n',
                }
            },
        },
        **failing(404, 406),
    },
)
def list_items(
    batch: BatchId,
    question: Annotated[ItemPageQuestion, Query()],
    workspace: TheWorkspace,
    caller: Reader,
    accept: Accept = None,
) -> Response:
    """Return what became of the items, page by page, or all of them as a line each."""
    place, batches_ = question.place(batch), workspace.store().batches
    if choose(accept, _JSON, _LINES) == _LINES:
        batches_.get(batch)
        return StreamingResponse(_lines(workspace, batch, place), media_type=_LINES)
    page, following = batches_.items(batch, limit=question.page_size, after=place)
    items = tuple(map(item_message, page))
    return json_answer(ItemPage(items=items, next_page_token=question.token(following, batch)))


def _lines(workspace: Workspace, batch: str, after: int | None) -> Iterator[bytes]:
    while True:
        page, after = workspace.store().batches.items(batch, limit=_LINES_AT_ONCE, after=after)
        yield b"".join(item_message(item).model_dump_json().encode() + b"\n" for item in page)
        if after is None:
            return


@routes.post(
    "/batches/{batch}:cancel",
    summary="Cancel a batch",
    response_description="The batch as it is after that.",
    responses=failing(404, 507),
)
async def cancel_batch(batch: BatchId, runtime: TheRuntime, caller: Writer) -> Batch:
    """Cancel what has not ended; what somebody else wants too goes on."""
    cancelled = await runtime.change(batches.cancel_batch, runtime.workspace, batch)
    return Batch.model_validate(cancelled)
