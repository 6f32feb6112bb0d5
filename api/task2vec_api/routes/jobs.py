"""Jobs: listed, followed, cancelled, tried again."""

from collections.abc import AsyncIterator
from time import time
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from task2vec.errors import InputError
from task2vec.jobs.job_messages import event_message, job_message
from task2vec.messages.jobs import Job, JobEvent, JobPage
from task2vec.types import EventKind, JobKind, JobState
from task2vec_api.access import Reader, ReaderOrWorker, Writer
from task2vec_api.event_stream import Follower
from task2vec_api.paging import PageQuestion
from task2vec_api.responses import failing, router, sent
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("jobs")

JobId = Annotated[
    str, Path(max_length=200, description="A job's id.", examples=["job_01kb2m4a9z3x5c7v"])
]

_KEEP_ALIVE_SECONDS = 15.0
_LARGEST_EVENT = 2**63 - 1
# Each event by itself: OpenAPI has no words for a stream of them.
_STREAM: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "required": ["event", "id", "data"],
            "properties": {
                "event": {"enum": [kind.value for kind in EventKind]},
                "id": {"type": "string", "pattern": "^[0-9]+$"},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/JobEvent"},
                },
            },
        },
        "example": {
            "event": "progress",
            "id": "42",
            "data": '{"id":42,"kind":"progress","job":{"id":"job_01kb2m4a9z3x5c7v", ...}}',
        },
    }
}


class JobPageQuestion(PageQuestion):
    """Which jobs are wanted, and which part of them."""

    state: JobState | None = Field(None, description="Only jobs in this state.")
    kind: JobKind | None = Field(None, description="Only jobs of this kind.")
    batch: str | None = Field(None, max_length=200, description="Only jobs of this batch.")


@routes.get("/jobs", summary="List jobs", response_description="Some jobs, newest first.")
def list_jobs(
    question: Annotated[JobPageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> JobPage:
    """Return the jobs, newest first, page by page."""
    page, following = workspace.store().jobs.list_page(
        state=question.state,
        kind=question.kind,
        batch=question.batch,
        limit=question.page_size,
        before=question.place(),
    )
    return JobPage(jobs=tuple(map(job_message, page)), next_page_token=question.token(following))


@routes.get(
    "/jobs/{job}",
    summary="Show a job",
    response_description="The job as it is.",
    responses=failing(404),
)
def get_job(job: JobId, workspace: TheWorkspace, caller: ReaderOrWorker) -> Job:
    """Return a job: its state, its progress, its result or why it failed."""
    return job_message(workspace.store().jobs.get(job))


@routes.post(
    "/jobs/{job}:cancel",
    summary="Cancel a job",
    response_description="The job: cancelled, or cancelling until its worker has stopped.",
    responses=failing(404, 409, 507),
)
async def cancel_job(job: JobId, runtime: TheRuntime, caller: Writer) -> Job:
    """Cancel a job; one that has ended cannot be cancelled."""
    cancelled = await runtime.change(runtime.workspace.store().jobs.cancel, job, now=time())
    return job_message(cancelled)


@routes.post(
    "/jobs/{job}:retry",
    summary="Try a job again",
    response_description="The job, queued again.",
    responses=failing(404, 409, 507),
)
async def retry_job(job: JobId, runtime: TheRuntime, caller: Writer) -> Job:
    """Queue a failed or cancelled job again, as if it were new."""
    again = await runtime.change(runtime.workspace.store().jobs.retry, job, now=time())
    return job_message(again)


@routes.get(
    "/jobs/{job}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        **sent(200, "Events `state` and `progress`; each one's data is a JobEvent.", **_STREAM),
        **sent(204, "The job has ended, and the client has seen all of it."),
        **failing(404),
    },
)
async def follow_job(
    request: Request,
    job: JobId,
    runtime: TheRuntime,
    caller: Reader,
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=19,
            pattern="^[0-9]*$",
            description="Go on behind this event.",
            examples=["42"],
        ),
    ] = None,
) -> Response:
    """Stream what happens to a job, from its beginning or from behind `Last-Event-ID`.

    The stream ends when the job has, and with the caller's key. Comments keep the connection alive
    meanwhile; a client whose connection is lost goes on with the id of the last event that it saw.
    """
    seen = _event_number(last_event_id)
    jobs = runtime.workspace.store().jobs
    first = list(map(event_message, await run_in_threadpool(jobs.events_after, job, seen)))
    if not first:
        followed = await run_in_threadpool(jobs.get, job)
        if followed.state.final:
            # Browsers would ask for ever otherwise.
            return Response(status_code=204)
    follower = Follower(request.app.state.lookout, job, caller=caller, seen=seen, first=first)
    return StreamingResponse(
        _stream(follower),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(follower: Follower) -> AsyncIterator[bytes]:
    async for events in follower.rounds(_KEEP_ALIVE_SECONDS):
        yield b"".join(map(_event, events)) if events else KEEPALIVE_COMMENT


def _event(event: JobEvent) -> bytes:
    return format_sse_event(
        event=event.kind.value, data_str=event.model_dump_json(), id=str(event.id)
    )


def _event_number(text: str | None) -> int:
    if text is None or not text.strip():
        return 0
    if not text.isascii() or not text.isdigit() or not int(text[:20]) <= _LARGEST_EVENT:
        raise InputError(
            "This is no event to go on behind",
            expected="in Last-Event-ID, the id of an event of this job",
            got=repr(text[:50]),
        )
    return int(text[:20])
