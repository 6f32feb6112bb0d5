"""What belongs to one task: its embedding, its picture, its neighbours."""

from io import BytesIO
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from task2vec.embedding.files import write_embedding
from task2vec.errors import UnknownNameError
from task2vec.messages.neighbours import NeighbourFilter, Neighbours, SearchQuestion
from task2vec.messages.tasks import Embedding, TaskLayers, TaskPictures
from task2vec.service.tasks import views
from task2vec.service.tasks.search import search
from task2vec.service.tasks.subjects import stored_subject
from task2vec_api.access import Reader
from task2vec_api.forms import BINARY
from task2vec_api.representations import Accept, choose
from task2vec_api.responses import failing, json_answer, router, sent
from task2vec_api.routes.tasks import TaskName
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("tasks")

_NPZ = "application/octet-stream"
_JSON = "application/json"
_KEPT = {"Cache-Control": "private, max-age=300"}


@routes.get(
    "/tasks/{task}/embedding",
    summary="Download an embedding",
    response_model=Embedding,
    responses={
        200: {
            "description": "The vector, as JSON or as a `.npz` file, whichever Accept prefers.",
            "content": {_NPZ: {"schema": BINARY}},
        },
        **failing(404, 406),
    },
)
def get_embedding(
    task: TaskName,
    workspace: TheWorkspace,
    caller: Reader,
    accept: Accept = None,
) -> Response:
    """Return a task's vector: one number for each convolution filter of the probe.

    The `.npz` file is what `task2vec export` writes and `POST /v1/tasks:import` takes; it holds the
    hashes of the task's images, too, and what answers about it are explained by.
    """
    chosen = choose(accept, _JSON, _NPZ)
    subject = stored_subject(workspace, task)
    assert subject.record is not None, "it is stored"
    if chosen == _JSON:
        embedding = subject.embedding
        return json_answer(
            Embedding(
                id=subject.record.id,
                name=subject.record.name,
                values=tuple(embedding.values.tolist()),
                errors=tuple(embedding.errors.tolist()),
                provenance=embedding.provenance,
            )
        )
    data = BytesIO()
    tasks = workspace.store().tasks
    write_embedding(
        subject.embedding,
        data,
        name=subject.name,
        hashes=tasks.image_hashes(subject.record.id),
        details=tasks.details(subject.record.id),
    )
    disposition = {"Content-Disposition": f'attachment; filename="{subject.record.id}.npz"'}
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
    wanted: Annotated[NeighbourFilter, Query()],
    runtime: TheRuntime,
    caller: Reader,
) -> Neighbours:
    """Return the stored tasks that are nearest to a stored task."""

    def answer() -> Neighbours:
        # A name that is none is refused as one that nothing has.
        subject = stored_subject(runtime.workspace, task)
        question = SearchQuestion(task=subject.name, **dict(wanted))
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
            **{"image/png": {"schema": BINARY}},
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
    return Response(data, media_type="image/png", headers=_KEPT)


@routes.get(
    "/tasks/{task}/pictures",
    summary="Say what pictures there are of each class",
    response_description="The rows of the sheet of pictures.",
    responses=failing(404),
)
def get_pictures(task: TaskName, workspace: TheWorkspace, caller: Reader) -> TaskPictures:
    """Return which classes of a task the sheet of its pictures shows, and how often."""
    return views.pictures_of(workspace, task)


@routes.get(
    "/tasks/{task}/pictures/sheet",
    summary="Show pictures of each class",
    response_class=Response,
    responses={
        **sent(
            200,
            "A JPEG: a row for each class, up to four square pictures in it.",
            **{"image/jpeg": {"schema": BINARY}},
        ),
        **failing(404),
    },
)
def get_picture_sheet(task: TaskName, workspace: TheWorkspace, caller: Reader) -> Response:
    """Return small pictures of a task's images, by class.

    A task that was imported has none, nor has one that was embedded with `class_pictures` false or
    on a server that keeps none.
    """
    sheet = views.picture_sheet(workspace, task)
    return Response(sheet, media_type="image/jpeg", headers=_KEPT)


@routes.get(
    "/tasks/{task}/layers",
    summary="Show an embedding by layer",
    response_description="The information in each layer of the probe.",
    responses=failing(404),
)
def get_layers(task: TaskName, workspace: TheWorkspace, caller: Reader) -> TaskLayers:
    """Return how much information a task's embedding has in each layer of the probe.

    Of tasks in one space they may be compared.
    """
    return views.layers_of(workspace, task)
