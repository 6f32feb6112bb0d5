"""Bundles: what is known of tasks, shared without an image."""

from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.messages.bundles import (
    BundleExport,
    Bundles,
    ImportedBundle,
    ImportStatus,
    bundle_import,
)
from task2vec.service.bundles import importing
from task2vec.service.bundles.exporting import export_bundle
from task2vec.types.names import BUNDLE_NAME_PATTERN
from task2vec_api.access import Admin, Reader
from task2vec_api.forms import BINARY, UploadForm, form_body, receive_form
from task2vec_api.responses import answering, failing, made, removes, router, sent
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("bundles")

BundleName = Annotated[
    str, Path(max_length=200, description="A bundle's name.", examples=["letters"])
]

_FILE = "application/octet-stream"
_IMPORT = form_body(
    {
        "required": ["bundle"],
        "properties": {
            "bundle": {
                **BINARY,
                "description": "The file that `task2vec bundle export FILE` writes.",
            },
            "name": {
                "type": "string",
                "pattern": BUNDLE_NAME_PATTERN,
                "description": "Default: the name that the file states.",
            },
            "update": {
                "type": "boolean",
                "default": False,
                "description": "Replace the bundle of this name.",
            },
        },
    },
    example={"name": "letters"},
)


@routes.get("/bundles", summary="List bundles", response_description="All bundles, by name.")
def list_bundles(workspace: TheWorkspace, caller: Reader) -> Bundles:
    """Return the bundles that were imported."""
    return importing.list_bundles(workspace)


@routes.post(
    "/bundles",
    summary="Import a bundle",
    status_code=201,
    response_model=ImportedBundle,
    response_description="The bundle with what it brought.",
    responses={
        **answering(200, ImportedBundle, "The same contents were here already."),
        **failing(408, 409, 415, 507),
    },
    openapi_extra=_IMPORT,
)
async def import_bundle(request: Request, runtime: TheRuntime, caller: Admin) -> Response:
    """Take in the tasks and outcomes of a bundle, all or none.

    Its tasks are called `BUNDLE/TASK`. Everybody's recommendations use them as known tasks, unless
    `bundles` is false, so that it takes a key with the scope admin.
    """
    with UploadForm(
        runtime.workspace,
        largest=runtime.settings.upload_bytes,
        fields="a file bundle, and perhaps name and update",
        texts={"name": 1, "update": 1},
        files={"bundle": ".bundle"},
    ) as form:
        await receive_form(request, form.open)
        question = bundle_import(form.text("name"), update=form.flag("update", False))
        async with runtime.parsing.take(caller):
            bundle = await run_in_threadpool(
                importing.import_bundle, runtime.workspace, question, form.file("bundle").path
            )
    return _imported(bundle)


def _imported(bundle: ImportedBundle) -> Response:
    status = 200 if bundle.status is ImportStatus.UNCHANGED else 201
    return made(bundle, "/v1/bundles", status=status)


@routes.post(
    "/bundles/{bundle}:import",
    summary="Import the bundle that ships",
    status_code=201,
    response_model=ImportedBundle,
    response_description="The bundle with what it brought.",
    responses={
        **answering(200, ImportedBundle, "The same contents were here already."),
        **failing(404, 409, 507),
    },
)
async def import_shipped_bundle(
    bundle: Annotated[
        str,
        Path(max_length=200, description="A bundle that ships.", examples=["development"]),
    ],
    runtime: TheRuntime,
    caller: Admin,
) -> Response:
    """Take in the bundle that is a part of task2vec, without a file.

    Recommendations use it anyhow. Imported, its tasks are listed, searched and on the map, too.
    """
    async with runtime.parsing.take(caller):
        imported = await run_in_threadpool(importing.import_shipped, runtime.workspace, bundle)
    return _imported(imported)


@routes.post(
    "/bundles:export",
    summary="Write a bundle",
    response_class=Response,
    responses={
        **sent(200, "The file.", **{_FILE: {"schema": BINARY}}),
        **failing(404, 409),
    },
)
async def write_bundle(question: BundleExport, runtime: TheRuntime, caller: Reader) -> Response:
    """Write stored tasks, with what packaged models reach on them, to a file.

    It holds embeddings, names and outcomes; no image, no path and no weights.
    """

    def written() -> bytes:
        with TemporaryDirectory() as folder:
            path = FilePath(folder, "bundle")
            export_bundle(runtime.workspace, question, path)
            return path.read_bytes()

    data = await run_in_threadpool(written)
    disposition = f'attachment; filename="{question.name}.bundle"'
    return Response(data, media_type=_FILE, headers={"Content-Disposition": disposition})


@routes.delete("/bundles/{bundle}", summary="Remove a bundle", **removes(409, 507))
def delete_bundle(
    bundle: BundleName,
    workspace: TheWorkspace,
    caller: Admin,
    cascade: Annotated[
        bool,
        Query(description="Remove experts and outcomes that hang on its tasks, too."),
    ] = False,
) -> Response:
    """Remove a bundle with all tasks and outcomes that it brought."""
    importing.remove_bundle(workspace, bundle, cascade=cascade)
    return Response(status_code=204)
