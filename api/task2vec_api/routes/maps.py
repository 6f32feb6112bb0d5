"""The map of the task space."""

from io import BytesIO
from time import monotonic
from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response

from task2vec.errors import DeadlineError, OverloadedError
from task2vec.messages.catalogue import MapMethod, TaskMap
from task2vec.service.tasks.maps import draw
from task2vec_api.access import Reader
from task2vec_api.representations import choose
from task2vec_api.responses import failing, json_answer, router, told
from task2vec_api.routes.tasks import Tag
from task2vec_api.runtime import TheRuntime

routes = router("map")

_JSON, _PNG, _SVG = "application/json", "image/png", "image/svg+xml"
_SUFFIXES = {_PNG: "png", _SVG: "svg"}
# The matrix of all distances is laid out at once.
_MOST_TASKS = 1000


@routes.get(
    "/map",
    summary="Draw the task space",
    response_model=TaskMap,
    responses={
        200: {
            **told(200, TaskMap, "The map: as JSON or a picture, whichever Accept prefers.")[200],
            "content": {
                _PNG: {"schema": {"type": "string", "format": "binary"}},
                _SVG: {"schema": {"type": "string"}},
            },
        },
        **failing(406, 501),
    },
)
async def get_map(
    request: Request,
    runtime: TheRuntime,
    caller: Reader,
    method: Annotated[MapMethod, Query(description="How it is laid out.")] = MapMethod.MDS,
    tag: Tag = None,
    thumbnails: Annotated[bool, Query(description="Draw the tasks' pictures.")] = False,
    seed: Annotated[int, Query(ge=0, lt=2**32, description="Of the layout.")] = 0,
    accept: Annotated[str | None, Header(max_length=500, include_in_schema=False)] = None,
) -> Response:
    """Lay out the stored tasks in the plane, near ones near each other."""
    chosen = choose(accept, _JSON, _PNG, _SVG)
    deadline: float = request.state.deadline

    def check() -> None:
        if runtime.draining.is_set():
            raise OverloadedError("The server stops", remedy="Try again when it runs again.")
        if monotonic() > deadline:
            raise DeadlineError("The map took too long", remedy="Choose fewer tasks by a tag.")

    def answer() -> Response:
        # matplotlib takes half a second to import.
        from task2vec.plots.figure import PictureFormat
        from task2vec.plots.layout import LayoutMethod

        picture = None if chosen == _JSON else BytesIO()
        found = draw(
            runtime.workspace,
            picture,
            method=LayoutMethod(method.value),
            tag=tag,
            thumbnails=thumbnails,
            seed=seed,
            most=_MOST_TASKS,
            kind=None if picture is None else PictureFormat(_SUFFIXES[chosen]),
            check=check,
        )
        if picture is None:
            return json_answer(found)
        return Response(picture.getvalue(), media_type=chosen)

    return await runtime.computing.run(request, answer)
