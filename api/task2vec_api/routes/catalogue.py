"""The probes of the server, and the map of its task space."""

from collections.abc import Callable
from io import BytesIO
from time import monotonic
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from task2vec.errors import DeadlineError, OverloadedError
from task2vec.messages.catalogue import (
    MapColumns,
    MapColumnsQuestion,
    MapQuestion,
    Probes,
    TaskMap,
)
from task2vec.service.models.zoo import list_probes
from task2vec.service.tasks.map_columns import map_columns
from task2vec.service.tasks.maps import draw
from task2vec_api.access import Reader
from task2vec_api.forms import BINARY
from task2vec_api.representations import (
    Accept,
    IfNoneMatch,
    choose,
    etag_of_bytes,
    not_modified,
)
from task2vec_api.responses import UNCHANGED, failing, json_answer, router
from task2vec_api.runtime import Runtime, TheRuntime, TheWorkspace

probes, maps = router("probes"), router("map")

_JSON, _PNG, _SVG = "application/json", "image/png", "image/svg+xml"
_SUFFIXES = {_PNG: "png", _SVG: "svg"}
# The matrix of all distances is laid out at once.
_MOST_TASKS = 1000


@probes.get(
    "/probes",
    summary="List probes",
    response_description="All probes that are known by name.",
)
def get_probes(workspace: TheWorkspace, caller: Reader) -> Probes:
    """Return the probe networks by name; only tasks of one probe can be compared."""
    return Probes(probes=list_probes(workspace))


@maps.get(
    "/map",
    summary="Draw the task space",
    response_model=TaskMap,
    response_description="The map: as JSON or a picture, whichever Accept prefers.",
    responses={
        200: {"content": {_PNG: {"schema": BINARY}, _SVG: {"schema": {"type": "string"}}}},
        **failing(406, 501),
    },
)
async def get_map(
    request: Request,
    question: Annotated[MapQuestion, Query()],
    runtime: TheRuntime,
    caller: Reader,
    accept: Accept = None,
) -> Response:
    """Lay out the stored tasks in the plane, near ones near each other."""
    chosen = choose(accept, _JSON, _PNG, _SVG)
    check = _limit(request, runtime, remedy="Choose fewer tasks by a tag.")

    def answer() -> Response:
        # matplotlib takes half a second to import.
        from task2vec.plots.figure import PictureFormat

        picture = None if chosen == _JSON else BytesIO()
        laid_out = draw(
            runtime.workspace,
            picture,
            method=question.method,
            tag=question.tag,
            thumbnails=question.thumbnails,
            seed=question.seed,
            most=_MOST_TASKS,
            kind=None if picture is None else PictureFormat(_SUFFIXES[chosen]),
            check=check,
        )
        if picture is None:
            return json_answer(laid_out)
        return Response(picture.getvalue(), media_type=chosen)

    return await runtime.computing.run(request, answer)


@maps.get(
    "/map/columns",
    summary="Place all tasks of a space",
    response_model=MapColumns,
    response_description="The tasks by name, a column for each property.",
    responses=UNCHANGED,
)
async def get_map_columns(
    request: Request,
    question: Annotated[MapColumnsQuestion, Query()],
    runtime: TheRuntime,
    caller: Reader,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return where all tasks of a space lie in the plane, with what a map shows of them.

    For a hundred thousand tasks as for ten. Places are kept, and new tasks added to them. Where
    placing many takes longer than the request may, repeating it goes on from there.
    """
    check = _limit(request, runtime, remedy="Ask again: it goes on from where it was.")

    def answer() -> Response:
        columns = map_columns(runtime.workspace, question, check=check)
        content = columns.model_dump_json().encode()
        etag = etag_of_bytes(content)
        kept = not_modified(if_none_match, etag)
        return kept or Response(content, media_type=_JSON, headers={"ETag": etag})

    return await runtime.computing.run(request, answer)


def _limit(request: Request, runtime: Runtime, *, remedy: str) -> Callable[[], None]:
    """Return what stops a layout when the server stops, or the time of the request is over."""
    deadline: float = request.state.deadline

    def check() -> None:
        if runtime.draining.is_set():
            raise OverloadedError("The server stops", remedy="Try again when it runs again.")
        if monotonic() > deadline:
            raise DeadlineError("The map took too long", remedy=remedy)

    return check
