"""What belongs to one task: its embedding, its picture, its neighbours."""

from io import BytesIO
from typing import Annotated

from fastapi import Header, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from task2vec.embedding.files import write_embedding
from task2vec.errors import UnknownNameError
from task2vec.messages.neighbours import Neighbours, SearchQuestion
from task2vec.messages.tasks import Embedding
from task2vec.service.tasks.search import search
from task2vec.service.tasks.subjects import stored_subject
from task2vec.types import NeighbourGeometry
from task2vec_api.access import Reader
from task2vec_api.messages import embedding_message
from task2vec_api.representations import choose
from task2vec_api.responses import failing, json_answer, router, sent
from task2vec_api.routes.tasks import TaskName
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("tasks")

_NPZ = "application/octet-stream"
_JSON = "application/json"


@routes.get(
    "/tasks/{task}/embedding",
    summary="Download an embedding",
    response_model=Embedding,
    responses={
        200: {
            "description": "The vector, as JSON or as a `.npz` file, whichever Accept prefers.",
            "content": {_NPZ: {"schema": {"type": "string", "format": "binary"}}},
        },
        **failing(404, 406),
    },
)
def get_embedding(
    task: TaskName,
    workspace: TheWorkspace,
    caller: Reader,
    accept: Annotated[str | None, Header(max_length=500, include_in_schema=False)] = None,
) -> Response:
    """Return a task's vector: one number for each convolution filter of the probe.

    The `.npz` file is what `task2vec export` writes and `POST /v1/tasks:import` takes; it holds the
    hashes of the task's images, too, and what answers about it are explained by.
    """
    chosen = choose(accept, _JSON, _NPZ)
    found = stored_subject(workspace, task)
    assert found.record is not None, "it is stored"
    if chosen == _JSON:
        return json_answer(embedding_message(found.record, found.embedding))
    data = BytesIO()
    tasks = workspace.store().tasks
    write_embedding(
        found.embedding,
        data,
        name=found.name,
        hashes=tasks.image_hashes(found.record.id),
        details=tasks.details(found.record.id),
    )
    disposition = {"Content-Disposition": f'attachment; filename="{found.record.id}.npz"'}
    return Response(data.getvalue(), media_type=_NPZ, headers=disposition)


@routes.get(
    "/tasks/{task}/neighbours",
    summary="Find near tasks",
    response_description="The nearest tasks, nearest first.",
    responses=failing(404),
)
async def get_neighbours(
    request: Request,
    task: TaskName,
    runtime: TheRuntime,
    caller: Reader,
    k: Annotated[int, Query(ge=1, le=1000, description="How many.", examples=[3])] = 5,
    asymmetric: Annotated[
        bool, Query(description="The best *sources* for this task as target.")
    ] = False,
    geometry: Annotated[
        NeighbourGeometry,
        Query(
            description="The distance that orders: `symmetric`, corrected for noise, or `centred`, "
            "which is not, depends on the stored tasks, and has no asymmetric form."
        ),
    ] = NeighbourGeometry.SYMMETRIC,
    tags: Annotated[
        list[str] | None, Query(max_length=50, description="Only tasks with all of these tags.")
    ] = None,
    min_classes: Annotated[
        int | None, Query(ge=1, le=2**31, description="The fewest classes of a task.")
    ] = None,
    max_classes: Annotated[
        int | None, Query(ge=1, le=2**31, description="The most classes of a task.")
    ] = None,
) -> Neighbours:
    """Return the stored tasks that are nearest to a stored task."""
    question = _question(
        task=task,
        k=k,
        asymmetric=asymmetric,
        geometry=geometry,
        tags=tags or (),
        min_classes=min_classes,
        max_classes=max_classes,
    )

    def answer() -> Neighbours:
        subject = stored_subject(runtime.workspace, task)
        return search(runtime.workspace, question, subject)

    return await runtime.computing.run(request, answer)


@routes.get(
    "/tasks/{task}/thumbnail",
    summary="Show a picture of a task",
    response_class=Response,
    responses={
        **sent(
            200,
            "A PNG of 96 x 96 pixels: images of four of its classes.",
            **{"image/png": {"schema": {"type": "string", "format": "binary"}}},
        ),
        **failing(404),
    },
)
def get_thumbnail(task: TaskName, workspace: TheWorkspace, caller: Reader) -> Response:
    """Return a small picture of a task's images.

    A task that was imported has none.
    """
    data = workspace.store().tasks.thumbnail(task)
    if data is None:
        raise UnknownNameError(f"Task '{task}' has no picture: its images never were here")
    return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=300"})


def _question(**given: object) -> SearchQuestion:
    try:
        return SearchQuestion.model_validate(given)
    except ValidationError as error:
        faults = [{**fault, "loc": ("query", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error
