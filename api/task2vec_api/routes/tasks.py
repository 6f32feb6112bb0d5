"""Tasks: listing, embedding, editing, removing."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.messages.jobs import Job, NewEmbedding
from task2vec.messages.tasks import StoredTask, Task, TaskDetails, TaskEdit, TaskListing, TaskPage
from task2vec.service.tasks import tasks
from task2vec_api.access import Reader, Writer
from task2vec_api.job_submission import Prefer, submit
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.representations import IfMatch, IfNoneMatch, check_if_match, etag_of, not_modified
from task2vec_api.responses import failing, json_answer, router, sent, told
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
Tag = Annotated[str | None, Query(max_length=200, description="Only tasks with this tag.")]


@routes.get(
    "/tasks",
    summary="List tasks",
    response_description="Some tasks, by name.",
)
def list_tasks(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    tag: Tag = None,
    probe: Annotated[
        str | None, Query(max_length=200, description="Only tasks embedded with this probe.")
    ] = None,
    name: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Only the task of this name: for one that no path can hold, such as `a/b`.",
        ),
    ] = None,
) -> TaskPage:
    """Return the stored tasks by name, page by page."""
    question = TaskListing(tag=tag, probe=probe, name=name)
    listing = Listing("tasks", **dict(question))
    after = listing.place(page_token)
    page = tasks.list_tasks(workspace, question, limit=page_size, after=after)
    return TaskPage(tasks=tuple(page.items), next_page_token=listing.token(page.next))


@routes.post(
    "/tasks",
    summary="Embed a data set",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job that embeds it: follow it under Location."),
        **told(201, Task, "The new task, with `Prefer: wait` and when it was done in time."),
        **told(200, Task, "The task that is stored already, with `Prefer: wait`."),
        **failing(404, 409, 507),
    },
)
async def embed_dataset(
    request: Request,
    question: NewEmbedding,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Embed an uploaded data set and store it as a task.

    The same bytes under the same name with the same settings are embedded once.
    """

    def finish(result: object) -> Response:
        task = Task.model_validate(result)
        known = isinstance(result, dict) and result.get("status") == "unchanged"
        headers = {"Location": f"/v1/tasks/{task.id}"}
        return json_answer(task, status=200 if known else 201, headers=headers)

    return await submit(request, runtime, caller, question=question, finish=finish)


@routes.get(
    "/tasks/{task}",
    summary="Show a task",
    response_model=TaskDetails,
    responses={
        **told(200, TaskDetails, "The task with its provenance."),
        **sent(304, "It is as it was: the ETag is one of If-None-Match."),
        **failing(404),
    },
)
def get_task(
    task: TaskName, workspace: TheWorkspace, caller: Reader, if_none_match: IfNoneMatch = None
) -> Response:
    """Return a task with everything that its embedding depends on."""
    return _details(workspace.store().tasks.get(task), if_none_match)


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
    return _details(workspace.store().tasks.get(task), if_none_match)


@routes.patch(
    "/tasks/{task}",
    summary="Edit a task",
    response_model=TaskDetails,
    responses={
        **told(200, TaskDetails, "The task as it is after that."),
        **failing(404, 409, 412, 507),
    },
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
    return _details(edited)


@routes.delete(
    "/tasks/{task}",
    summary="Remove a task",
    status_code=204,
    response_class=Response,
    responses={**sent(204, "It is gone."), **failing(404, 409, 412, 507)},
)
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
    return lambda task: check_if_match(if_match, _etag(task))


def _etag(task: StoredTask) -> str:
    return etag_of(tasks.details_for_others(task).model_dump(mode="json"))


def _details(task: StoredTask, if_none_match: str | None = None) -> Response:
    etag = _etag(task)
    known = not_modified(if_none_match, etag)
    if known is not None:
        return known
    return json_answer(tasks.details_for_others(task), headers={"ETag": etag})
