"""Batches: many embeddings under one id."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from fastapi import Header, Path
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from task2vec.jobs import batches
from task2vec.messages.batches import (
    Batch,
    BatchCheck,
    BatchPage,
    ForeseenItems,
    Item,
    ItemPage,
    NewBatch,
    NewItems,
)
from task2vec.service.workspace import Workspace
from task2vec.store.tables.batches import BatchItem
from task2vec_api.access import Reader, Writer
from task2vec_api.messages import item_message
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.representations import choose
from task2vec_api.responses import failing, json_answer, router, told
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("batches")

BatchId = Annotated[
    str, Path(max_length=200, description="A batch's id.", examples=["bat_01kb2m2k4d6f8h0j"])
]

_JSON, _LINES = "application/json", "application/jsonl"
_LINES_AT_ONCE = 500


@routes.post(
    "/batches",
    summary="Begin a batch",
    status_code=202,
    response_model=Batch,
    responses={**told(202, Batch, "The batch: follow it under Location."), **failing(507)},
)
async def create_batch(new: NewBatch, runtime: TheRuntime, caller: Writer) -> Response:
    """Embed many data sets with the same settings; an item that cannot be worked on fails alone."""
    created = await run_in_threadpool(
        batches.create,
        runtime.workspace,
        new,
        owner=caller.key,
    )
    runtime.bell.ring()
    batch = Batch.model_validate(created)
    return json_answer(batch, status=202, headers={"Location": f"/v1/batches/{batch.id}"})


@routes.post(
    "/batches:check",
    summary="Check a batch before anything is sent",
    response_model=ForeseenItems,
    responses=told(200, ForeseenItems, "What would become of each item."),
)
def check_batch(new: BatchCheck, runtime: TheRuntime, caller: Writer) -> Response:
    """Return what would become of data sets that are not uploaded yet; nothing is changed.

    An item is `pending` if it would be uploaded and embedded, `unchanged` if its task is stored
    already from the same bytes with the same settings, and `failed` with the error that the batch
    would give it. Images are not looked at: an archive that cannot be read fails when it is sent.
    """
    found = batches.check(runtime.workspace, new, largest=runtime.settings.upload_bytes)
    return json_answer(ForeseenItems(items=tuple(map(item_message, found))))


@routes.get(
    "/batches",
    summary="List batches",
    response_model=BatchPage,
    responses=told(200, BatchPage, "Some batches, newest first."),
)
def list_batches(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
) -> Response:
    """Return the batches, newest first, page by page."""
    listing = Listing("batches")
    page, following = workspace.store().batches.page(
        limit=page_size, before=listing.place(page_token)
    )
    return json_answer(
        BatchPage(
            batches=tuple(map(Batch.model_validate, page)),
            next_page_token=listing.token(following),
        )
    )


@routes.get(
    "/batches/{batch}",
    summary="Show a batch",
    response_model=Batch,
    responses={**told(200, Batch, "The batch, and how far it is."), **failing(404)},
)
def get_batch(batch: BatchId, workspace: TheWorkspace, caller: Reader) -> Response:
    """Return a batch with the number of its items in each status."""
    return json_answer(Batch.model_validate(workspace.store().batches.get(batch)))


@routes.post(
    "/batches/{batch}/items",
    summary="Add items to a batch",
    status_code=202,
    response_model=Batch,
    responses={**told(202, Batch, "The batch with its new items."), **failing(404, 507)},
)
async def add_items(batch: BatchId, new: NewItems, runtime: TheRuntime, caller: Writer) -> Response:
    """Add data sets to a batch, to be embedded with its settings."""
    grown = await run_in_threadpool(batches.append, runtime.workspace, batch, new)
    runtime.bell.ring()
    return json_answer(
        Batch.model_validate(grown),
        status=202,
        headers={"Location": f"/v1/batches/{grown.id}"},
    )


@routes.get(
    "/batches/{batch}/items",
    summary="List a batch's items",
    response_model=ItemPage,
    responses={
        200: {
            **told(200, ItemPage, "Some items in their order; as JSON Lines, all of them.")[200],
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
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    accept: Annotated[str | None, Header(max_length=500, include_in_schema=False)] = None,
) -> Response:
    """Return what became of the items, page by page, or all of them as a line each."""
    listing = Listing("items", batch=batch)
    place = listing.place(page_token)
    if choose(accept, _JSON, _LINES) == _LINES:
        first = workspace.store().batches.items(batch, limit=_LINES_AT_ONCE, after=place)
        return StreamingResponse(_lines(workspace, batch, *first), media_type=_LINES)
    page, following = workspace.store().batches.items(batch, limit=page_size, after=place)
    return json_answer(
        ItemPage(items=tuple(map(item_message, page)), next_page_token=listing.token(following))
    )


def _lines(
    workspace: Workspace, batch: str, page: Sequence[BatchItem], following: int | None
) -> Iterator[bytes]:
    while True:
        messages: Iterator[Item] = map(item_message, page)
        yield b"".join(message.model_dump_json().encode() + b"\n" for message in messages)
        if following is None:
            return
        page, following = workspace.store().batches.items(
            batch, limit=_LINES_AT_ONCE, after=following
        )


@routes.post(
    "/batches/{batch}:cancel",
    summary="Cancel a batch",
    response_model=Batch,
    responses={**told(200, Batch, "The batch as it is after that."), **failing(404, 507)},
)
async def cancel_batch(batch: BatchId, runtime: TheRuntime, caller: Writer) -> Response:
    """Cancel what has not ended; what somebody else wants too goes on."""
    cancelled = await run_in_threadpool(batches.cancel_batch, runtime.workspace, batch)
    runtime.bell.ring()
    return json_answer(Batch.model_validate(cancelled))
