"""What the server is and where to go, and a reader of its OpenAPI document that works offline."""

from importlib import resources
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import FileResponse, JSONResponse, Response

from task2vec.version import __version__
from task2vec_api.representations import choose

router = APIRouter(include_in_schema=False)

_JSON, _HTML, _SCRIPT = "application/json", "text/html", "text/javascript"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
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

OPEN = frozenset({"/", "/docs", "/openapi.json", *_ASSETS})
"""For everybody: they are the same on every server, and a browser that reads them has no key."""


@router.get("/")
async def start(accept: Annotated[str | None, Header(max_length=500)] = None) -> Response:
    """Say what this is and where to go, as JSON or as a page, whichever Accept prefers."""
    if choose(accept, _JSON, _HTML) == _HTML:
        return _page("start.html")
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


@router.get("/docs")
async def reference() -> Response:
    """Show the OpenAPI document to a reader."""
    return _page("docs.html")


async def _asset(request: Request) -> Response:
    package, name, kind = _ASSETS[request.scope["path"]]
    with resources.as_file(resources.files(package).joinpath(name)) as path:
        return FileResponse(path, media_type=kind, headers=_KEPT)


for _path in _ASSETS:
    router.add_api_route(_path, _asset, response_class=Response)


def _page(name: str) -> Response:
    text = resources.files(_OURS).joinpath("pages", name).read_text(encoding="utf-8")
    return Response(text, media_type=_HTML, headers={**_HEADERS, "Vary": "Accept"})
