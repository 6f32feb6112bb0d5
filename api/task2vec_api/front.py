"""The atlas, what the server is for programs, and a reader of its OpenAPI document: all offline."""

import gzip
from functools import cache
from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import FileResponse, JSONResponse, Response

from task2vec.version import __version__
from task2vec_api.representations import (
    Accept,
    IfNoneMatch,
    choose,
    etag_of_bytes,
    not_modified,
    takes_gzip,
)

router = APIRouter(include_in_schema=False)

#: FastAPI adds HEAD to no route by itself.
_READ = ["GET", "HEAD"]

_JSON, _HTML, _SCRIPT = "application/json", "text/html", "text/javascript"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
#: They change with the version only.
_KEPT = {**_HEADERS, "Cache-Control": "public, max-age=3600"}
_OURS, _SWAGGER = "task2vec_api", "fastapi_offline"

_ASSETS = {
    "/docs/start.js": (_OURS, "pages/start.js", _SCRIPT),
    "/docs/swagger-ui.css": (_SWAGGER, "static/swagger-ui.css", "text/css"),
    "/docs/swagger-ui-bundle.js": (_SWAGGER, "static/swagger-ui-bundle.js", _SCRIPT),
    "/docs/favicon.png": (_SWAGGER, "static/favicon.png", "image/png"),
}

#: The files of the atlas, which `python web/build.py` makes from the sources in web/.
_ATLAS = {
    "/atlas/atlas.js": _SCRIPT,
    "/atlas/task-map.js": _SCRIPT,
    "/atlas/style.css": "text/css",
    "/atlas/licences.txt": "text/plain",
}

OPEN = frozenset({"/", "/docs", "/openapi.json", *_ASSETS, *_ATLAS})
"""For everybody: they are the same on every server, and a browser that reads them has no key."""


@router.api_route("/", methods=_READ)
async def start(accept: Accept = None) -> Response:
    """Show the atlas, or say what this is and where to go as JSON, whichever Accept prefers."""
    if choose(accept, _JSON, _HTML) == _HTML:
        return _page("atlas.html")
    return JSONResponse(
        {
            "name": "task2vec",
            "version": __version__,
            "about": "Embeds labelled image sets, says which known ones they resemble, and "
            "recommends models to start from.",
            "links": {
                "reference": "/docs",
                "openapi": "/openapi.json",
                "ready": "/readyz",
                "tasks": "/v1/tasks",
            },
        },
        headers={"Vary": "Accept"},
    )


@router.api_route("/docs", methods=_READ)
async def reference() -> Response:
    """Show the OpenAPI document to a reader."""
    return _page("docs.html")


async def _asset(request: Request) -> Response:
    package, name, kind = _ASSETS[request.scope["path"]]
    with resources.as_file(resources.files(package).joinpath(name)) as path:
        return FileResponse(path, media_type=kind, headers=_KEPT)


async def _part_of_atlas(
    request: Request,
    if_none_match: IfNoneMatch = None,
    accept_encoding: Annotated[str | None, Header()] = None,
) -> Response:
    """Return a file of the atlas, compressed once, for as long as it is the same."""
    path, compressed = request.scope["path"], takes_gzip(accept_encoding)
    data, etag = _content(path, compressed=compressed)
    headers = {**_HEADERS, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", "ETag": etag}
    if not_modified(if_none_match, etag) is not None:
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(data, media_type=_ATLAS[path], headers=headers)


@cache
def _content(path: str, *, compressed: bool) -> tuple[bytes, str]:
    """Return a file of the atlas and its ETag."""
    data = resources.files(_OURS).joinpath(f"pages{path}").read_bytes()
    if compressed:
        return gzip.compress(data), etag_of_bytes(data, coding="gzip")
    return data, etag_of_bytes(data)


for _path in _ASSETS:
    router.add_api_route(_path, _asset, methods=_READ, response_class=Response)
for _path in _ATLAS:
    router.add_api_route(_path, _part_of_atlas, methods=_READ, response_class=Response)


def _page(name: str) -> Response:
    text = resources.files(_OURS).joinpath("pages", name).read_text(encoding="utf-8")
    return Response(text, media_type=_HTML, headers={**_HEADERS, "Vary": "Accept"})
