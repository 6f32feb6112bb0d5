"""Data sets: uploaded, fetched, listed, downloaded, removed."""

from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from task2vec.jobs.fetch import check_manifest
from task2vec.messages.datasets import Dataset, DatasetPage, NewRemoteDataset
from task2vec.messages.jobs import Job
from task2vec.service.datasets import datasets
from task2vec_api.access import Caller, Reader, ReaderOrWorker, Writer
from task2vec_api.forms import is_form, receive_form
from task2vec_api.in_process_worker import policy_of
from task2vec_api.job_submission import Prefer, result_as, submit
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.representations import FileAnswer, IfNoneMatch, not_modified
from task2vec_api.responses import failing, json_answer, router, sent, told
from task2vec_api.routes.dataset_forms import FORM, DatasetForm
from task2vec_api.runtime import Runtime, TheRuntime, TheWorkspace

routes = router("datasets")

DatasetId = Annotated[
    str, Path(max_length=200, description="A data set's id.", examples=["dst_01kb2m2k4d6f8h0j"])
]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            **FORM,
            "application/json": {
                "schema": {"$ref": "#/components/schemas/NewRemoteDataset"},
            },
        },
    }
}


@routes.post(
    "/datasets",
    summary="Upload a data set",
    status_code=201,
    response_model=Dataset,
    responses={
        **told(201, Dataset, "The data set, new or known: the same bytes are kept once."),
        **told(202, Job, "For JSON: the job that fetches the images."),
        **failing(408, 409, 415, 501, 507),
    },
    openapi_extra=_BODY,
)
async def create_dataset(
    request: Request, runtime: TheRuntime, caller: Writer, prefer: Prefer = None
) -> Response:
    """Upload images: as one archive, or one by one, or by their addresses.

    A form holds either one `file` (.zip, .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz, .npz or .parquet)
    or many `images`, each with a file name that says its class. With `labelled` at `false` they
    need no classes, and can only be classified by an expert. Images are fetched from addresses only
    where the server's settings allow their hosts. Data sets are removed when their retention is
    over.
    """
    if is_form(request):
        return await _upload(request, runtime, caller)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "A form or JSON is expected.")
    return await _fetch(request, runtime, caller)


async def _upload(request: Request, runtime: Runtime, caller: Caller) -> Response:
    largest = runtime.settings.upload_bytes
    with DatasetForm(runtime.workspace, largest=largest) as form:
        await receive_form(request, form.open)
        sent_ = form.complete()
        async with runtime.parsing.take(caller):
            record = await run_in_threadpool(
                datasets.accept,
                runtime.workspace,
                sent_.path,
                name=sent_.name,
                suffix=sent_.suffix,
                sha256=sent_.sha256,
                labelled=sent_.labelled,
                retention=runtime.settings.dataset_days * 86_400,
                owner=caller.key,
            )
    headers = {"Location": f"/v1/datasets/{record.id}"}
    return json_answer(Dataset.model_validate(record), status=201, headers=headers)


async def _fetch(request: Request, runtime: Runtime, caller: Caller) -> Response:
    body = await request.body()
    try:
        question = NewRemoteDataset.model_validate_json(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults, body=body) from error
    await run_in_threadpool(check_manifest, policy_of(runtime.settings), question.images)
    finish = result_as(Dataset)
    return await submit(request, runtime, caller, question=question, finish=finish)


@routes.get(
    "/datasets",
    summary="List data sets",
    response_description="Some data sets, newest first.",
)
def list_datasets(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    sha256: Annotated[
        str | None,
        Query(
            pattern="^[0-9a-f]{64}$",
            description="Only data sets of these bytes: what is here need not be sent again.",
        ),
    ] = None,
) -> DatasetPage:
    """Return the data sets that are kept, page by page."""
    listing = Listing("datasets", sha256=sha256)
    before = listing.place(page_token)
    page = datasets.list_datasets(
        workspace,
        limit=page_size,
        before=None if before is None else (before[0], before[1]),
        sha256=sha256,
    )
    return DatasetPage(datasets=tuple(page.items), next_page_token=listing.token(page.next))


@routes.get(
    "/datasets/{dataset}",
    summary="Show a data set",
    response_description="The data set.",
    responses=failing(404),
)
def get_dataset(dataset: DatasetId, workspace: TheWorkspace, caller: ReaderOrWorker) -> Dataset:
    """Return what is known of a data set."""
    return Dataset.model_validate(datasets.get_dataset(workspace, dataset))


@routes.get(
    "/datasets/{dataset}/content",
    summary="Download a data set",
    response_class=FileAnswer,
    responses={
        **sent(
            200,
            "The bytes as they were uploaded.",
            **{"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        ),
        **sent(206, "The part that Range asks for."),
        **sent(304, "The ETag, the SHA-256, is one of If-None-Match."),
        **failing(404, 416),
    },
)
def get_content(
    dataset: DatasetId,
    workspace: TheWorkspace,
    caller: ReaderOrWorker,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the bytes of a data set; workers read their jobs' images so."""
    found = datasets.get_dataset(workspace, dataset)
    etag = f'"{found.sha256}"'
    known = not_modified(if_none_match, etag)
    if known is not None:
        return known
    return FileAnswer(
        datasets.source_path(workspace, found),
        media_type="application/octet-stream",
        filename=f"{found.id}{found.format}",
        headers={"ETag": etag},
    )


@routes.delete(
    "/datasets/{dataset}",
    summary="Remove a data set",
    status_code=204,
    response_class=Response,
    responses={**sent(204, "It is gone."), **failing(404, 409, 507)},
)
def delete_dataset(dataset: DatasetId, workspace: TheWorkspace, caller: Writer) -> Response:
    """Remove a data set before its retention is over; not while a job needs it."""
    datasets.remove_dataset(workspace, dataset)
    return Response(status_code=204)
