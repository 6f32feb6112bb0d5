"""Data sets: uploaded, fetched, listed, downloaded, removed."""

from functools import partial
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from task2vec.errors import InputError
from task2vec.jobs.fetch import check_manifest
from task2vec.messages.datasets import Dataset, DatasetPage, NewRemoteDataset, StoredDataset
from task2vec.messages.jobs import Job
from task2vec.service.datasets import datasets
from task2vec.service.datasets.packing import PACKED, Packer
from task2vec.service.uploads import Upload
from task2vec.service.workspace import Workspace
from task2vec.types.names import LONGEST_NAME, NEW_NAME_PATTERN
from task2vec_api.access import Caller, Reader, ReaderOrWorker, Writer
from task2vec_api.forms import BINARY, Part, UploadForm, is_form, receive_form
from task2vec_api.in_process_worker import policy_of
from task2vec_api.job_submission import TheSubmission
from task2vec_api.paging import PageQuestion
from task2vec_api.representations import FileAnswer, IfNoneMatch, not_modified
from task2vec_api.responses import answering, failing, made, removes, router, sent
from task2vec_api.runtime import Runtime, TheRuntime, TheWorkspace

routes = router("datasets")

DatasetId = Annotated[
    str, Path(max_length=200, description="A data set's id.", examples=["dst_01kb2m2k4d6f8h0j"])
]

_MOST_IMAGES = 100_000
_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": NEW_NAME_PATTERN}
_LABELLED = {
    "type": "string",
    "enum": ["true", "false"],
    "default": "true",
    "description": "`false`: the images have no labels, and can only be classified. Give it "
    "before `images`, whose file names then need no class.",
}
_ARCHIVE = {
    "title": "An archive",
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {**BINARY, "description": "An archive of one folder of images per class."},
        "name": {**_NAME, "description": "Default: the file's name without its ending."},
        "labelled": _LABELLED,
    },
}
_IMAGES = {
    "title": "Images",
    "type": "object",
    "required": ["name", "images"],
    "additionalProperties": False,
    "properties": {
        "images": {
            "type": "array",
            "minItems": 1,
            "items": BINARY,
            "description": "Their file names are `label/name.jpg` or `split/label/name.jpg`.",
        },
        "name": _NAME,
        "labelled": _LABELLED,
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {"oneOf": [_ARCHIVE, _IMAGES]},
                "example": {"name": "greek_capitals"},
            },
            "application/json": {"schema": {"$ref": "#/components/schemas/NewRemoteDataset"}},
        },
    }
}


class DatasetPageQuestion(PageQuestion):
    """Which data sets are wanted, and which part of them."""

    sha256: str | None = Field(
        None,
        pattern="^[0-9a-f]{64}$",
        description="Only data sets of these bytes: what is here need not be sent again.",
    )


@routes.post(
    "/datasets",
    summary="Upload a data set",
    status_code=201,
    response_model=Dataset,
    response_description="The data set, new or known: the same bytes are kept once.",
    responses={
        **answering(202, Job, "For JSON: the job that fetches the images."),
        **failing(408, 409, 415, 501, 507),
    },
    openapi_extra=_BODY,
)
async def create_dataset(
    request: Request, runtime: TheRuntime, submission: TheSubmission, caller: Writer
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
    body = await request.body()
    try:
        question = NewRemoteDataset.model_validate_json(body)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults, body=body) from error
    await run_in_threadpool(check_manifest, policy_of(runtime.settings), question.images)
    return await submission.answer(question, Dataset)


async def _upload(request: Request, runtime: Runtime, caller: Caller) -> Response:
    with _DatasetForm(runtime.workspace, largest=runtime.settings.upload_bytes) as form:
        await receive_form(request, form.open)
        accept = form.complete()
        async with runtime.parsing.take(caller):
            record = await run_in_threadpool(
                accept, retention=runtime.settings.dataset_days * 86_400, owner=caller.key
            )
    return made(Dataset.model_validate(record), f"/v1/datasets/{record.id}")


class _DatasetForm(UploadForm):
    """One archive, or many images that are packed as they come."""

    def __init__(self, workspace: Workspace, *, largest: int) -> None:
        super().__init__(
            workspace,
            largest=largest,
            fields="one name, one labelled, and either one file or many images, each with a file "
            "name",
            texts={"name": 1, "labelled": 1},
            files={"file": ".partial", "images": ".partial"},
        )
        self._accept = partial(datasets.accept, workspace)
        self._filename: str | None = None
        self._packing: tuple[Upload, Packer] | None = None

    def open_file(self, field: str, filename: str) -> Part:
        if (self._filename if field == "images" else self._packing) is not None:
            raise self.refused(field)
        if field == "file":
            # Before the first byte is written.
            datasets.format_of(filename)
            part = super().open_file(field, filename)
            self._filename = filename
            return part
        if self._packing is None:
            upload = self.begin_upload()
            packer = Packer(upload, most=_MOST_IMAGES, labelled=self.flag("labelled", True))
            self._packing = upload, packer
        packer = self._packing[1]
        packer.begin(filename)
        return packer

    def complete(self) -> partial[StoredDataset]:
        """Return what takes over what came. Raises `InputError` for nothing, or without a name."""
        name, labelled = self.text("name"), self.flag("labelled", True)
        if self._filename is not None:
            suffix = datasets.format_of(self._filename)
            stem = self._filename.replace("\\", "/").rpartition("/")[2][: -len(suffix)]
            file = self.file("file")
            return partial(
                self._accept,
                file.path,
                name=name or stem,
                suffix=suffix,
                sha256=file.sha256,
                labelled=labelled,
            )
        if self._packing is None:
            raise InputError("The form holds no images", expected="a file, or images")
        if not name:
            raise InputError("The data set has no name", expected="the field name")
        upload, packer = self._packing
        packer.close()
        return partial(
            self._accept, upload.path, name=name, suffix=PACKED, sha256=None, labelled=labelled
        )


@routes.get(
    "/datasets",
    summary="List data sets",
    response_description="Some data sets, newest first.",
)
def list_datasets(
    question: Annotated[DatasetPageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> DatasetPage:
    """Return the data sets that are kept, page by page."""
    before = question.place()
    page = datasets.list_datasets(
        workspace,
        limit=question.page_size,
        before=None if before is None else (before[0], before[1]),
        sha256=question.sha256,
    )
    return DatasetPage(datasets=tuple(page.items), next_page_token=question.token(page.next))


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
            **{"application/octet-stream": {"schema": BINARY}},
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
    stored = datasets.get_dataset(workspace, dataset)
    etag = f'"{stored.sha256}"'
    return not_modified(if_none_match, etag) or FileAnswer(
        datasets.source_path(workspace, stored),
        media_type="application/octet-stream",
        filename=f"{stored.id}{stored.format}",
        headers={"ETag": etag},
    )


@routes.delete("/datasets/{dataset}", summary="Remove a data set", **removes(409, 507))
def delete_dataset(dataset: DatasetId, workspace: TheWorkspace, caller: Writer) -> Response:
    """Remove a data set before its retention is over; not while a job needs it."""
    datasets.remove_dataset(workspace, dataset)
    return Response(status_code=204)
