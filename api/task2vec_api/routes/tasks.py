"""Tasks: listing, embedding, importing, editing, removing."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.errors import InputError
from task2vec.messages.jobs import Job, NewEmbedding
from task2vec.messages.tasks import StoredTask, Task, TaskDetails, TaskEdit, TaskListing, TaskPage
from task2vec.service.tasks import tasks
from task2vec.service.tasks.imports import add_embedding
from task2vec.types.names import LONGEST_NAME, NAME_PATTERN, NEW_NAME_PATTERN, is_name
from task2vec_api.access import Reader, Writer
from task2vec_api.forms import BINARY, UploadForm, form_body, receive_form
from task2vec_api.job_submission import TheSubmission
from task2vec_api.paging import PageQuestion
from task2vec_api.representations import IfMatch, IfNoneMatch, check_if_match, versioned
from task2vec_api.responses import (
    UNCHANGED,
    answering,
    failing,
    made,
    removes,
    router,
    sent,
)
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("tasks")

TaskName = Annotated[
    str,
    Path(
        max_length=200,
        description="A stored task, by name or id; one with a slash in its name by id.",
        examples=["greek_capitals"],
    ),
]

_TEXT = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_MOST_TAGS = 50
_IMPORT = form_body(
    {
        "required": ["embedding"],
        "properties": {
            "embedding": {
                **BINARY,
                "description": "The file that `task2vec export TASK FILE.npz` writes.",
            },
            "name": {
                **_TEXT,
                "pattern": NEW_NAME_PATTERN,
                "description": "Default: the name that the file states.",
            },
            "tags": {
                "type": "array",
                "maxItems": _MOST_TAGS,
                "items": {**_TEXT, "pattern": NAME_PATTERN},
            },
            "update": {
                "type": "boolean",
                "default": False,
                "description": "Replace a task of this name. It keeps its tags unless "
                "new ones are given.",
            },
        },
    },
    example={"name": "greek_capitals", "tags": ["letters"]},
)


class TaskPageQuestion(PageQuestion, TaskListing):
    """Which tasks are wanted, and which part of them."""


@routes.get(
    "/tasks",
    summary="List tasks",
    response_description="Some tasks, by name.",
)
def list_tasks(
    question: Annotated[TaskPageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> TaskPage:
    """Return the stored tasks by name, page by page."""
    page = tasks.list_tasks(workspace, question, limit=question.page_size, after=question.place())
    return TaskPage(tasks=tuple(page.items), next_page_token=question.token(page.next))


@routes.post(
    "/tasks",
    summary="Embed a data set",
    status_code=202,
    response_model=Job,
    response_description="The job that embeds it: follow it under Location.",
    responses={
        **answering(201, Task, "The new task, with `Prefer: wait` and when it was done in time."),
        **answering(200, Task, "The task that is stored already, with `Prefer: wait`."),
        **failing(404, 409, 507),
    },
)
async def embed_dataset(
    question: NewEmbedding, submission: TheSubmission, caller: Writer
) -> Response:
    """Embed an uploaded data set and store it as a task.

    The same bytes under the same name with the same settings are embedded once.
    """

    def finish(result: Mapping[str, Any]) -> Response:
        task = Task.model_validate(result)
        status = 200 if result.get("status") == "unchanged" else 201
        return made(task, f"/v1/tasks/{task.id}", status=status)

    return await submission.finish(question, finish)


@routes.post(
    "/tasks:import",
    summary="Import an embedding",
    status_code=201,
    response_model=Task,
    response_description="The new task.",
    responses=failing(408, 409, 415, 507),
    openapi_extra=_IMPORT,
)
async def import_task(request: Request, runtime: TheRuntime, caller: Writer) -> Response:
    """Add an embedding that was computed elsewhere as a task.

    Its numbers must match their checksum, and some stored task must be in its space, since it could
    be compared with none otherwise; a key with the scope admin may import into an empty space.
    """
    with UploadForm(
        runtime.workspace,
        largest=runtime.settings.upload_bytes,
        fields="a file embedding, and perhaps name, tags and update",
        texts={"name": 1, "tags": _MOST_TAGS, "update": 1},
        files={"embedding": ".npz"},
    ) as form:
        await receive_form(request, form.open)
        path, tags = form.file("embedding").path, form.texts("tags")
        for tag in tags:
            if not is_name(tag):
                raise InputError(
                    "A tag cannot be used",
                    expected="1 to 200 printable characters",
                    got=repr(tag[:50]),
                )
        async with runtime.parsing.take(caller):
            record = await run_in_threadpool(
                add_embedding,
                runtime.workspace,
                path,
                name=form.text("name"),
                tags=tags,
                update=form.flag("update", False),
                any_space=caller.admin,
            )
    return made(Task.model_validate(record), f"/v1/tasks/{record.id}")


@routes.get(
    "/tasks/{task}",
    summary="Show a task",
    response_model=TaskDetails,
    response_description="The task with its provenance.",
    responses={**UNCHANGED, **failing(404)},
)
def get_task(
    task: TaskName, workspace: TheWorkspace, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a task with everything that its embedding depends on."""
    stored = workspace.store().tasks.get(task)
    return versioned(tasks.details_for_others(stored), if_none_match)


@routes.head(
    "/tasks/{task}",
    summary="Ask whether there is a task",
    response_class=Response,
    responses={**sent(200, "There is: its ETag is in the headers."), **failing(404)},
)
def head_task(
    task: TaskName, workspace: TheWorkspace, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Answer as for GET, without the body."""
    stored = workspace.store().tasks.get(task)
    return versioned(tasks.details_for_others(stored), if_none_match)


@routes.patch(
    "/tasks/{task}",
    summary="Edit a task",
    response_model=TaskDetails,
    response_description="The task as it is after that.",
    responses=failing(404, 409, 412, 507),
)
async def edit_task(
    task: TaskName,
    edit: TaskEdit,
    workspace: TheWorkspace,
    caller: Writer,
    if_match: IfMatch = None,
) -> Response:
    """Rename a task, or give it other tags; what is left out stays as it is."""
    edited = await run_in_threadpool(
        tasks.edit_task, workspace, task, edit, check=_checker(if_match)
    )
    return versioned(tasks.details_for_others(edited))


@routes.delete("/tasks/{task}", summary="Remove a task", **removes(409, 412, 507))
def delete_task(
    task: TaskName,
    workspace: TheWorkspace,
    caller: Writer,
    cascade: Annotated[
        bool, Query(description="Remove its experts and all outcomes that hang on it, too.")
    ] = False,
    if_match: IfMatch = None,
) -> Response:
    """Remove a task with its embedding.

    Without `cascade` a task that models or outcomes hang on is not removed.
    """
    tasks.remove_task(workspace, task, cascade=cascade, check=_checker(if_match))
    return Response(status_code=204)


def _checker(if_match: str | None) -> Callable[[StoredTask], None]:
    return lambda task: check_if_match(if_match, tasks.details_for_others(task))
