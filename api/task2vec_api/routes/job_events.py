"""Following a job by server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from task2vec.errors import InputError
from task2vec.messages.jobs import JobEvent
from task2vec.store.jobs import StoredEvent
from task2vec.types import EventKind
from task2vec_api.access import Reader
from task2vec_api.event_stream import Follower
from task2vec_api.messages import job_message
from task2vec_api.responses import failing, router, sent
from task2vec_api.routes.jobs import JobId
from task2vec_api.runtime import TheRuntime

routes = router("jobs")

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
    first = await run_in_threadpool(jobs.events_after, job, seen)
    if not first:
        known = await run_in_threadpool(jobs.get, job)
        if known.state.final:
            # Browsers would ask for ever otherwise.
            return Response(status_code=204)
    follower = Follower(runtime, job, caller=caller, seen=seen, first=first)
    return StreamingResponse(
        _stream(follower),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(follower: Follower) -> AsyncIterator[bytes]:
    async for events in follower.rounds(_KEEP_ALIVE_SECONDS):
        yield b"".join(map(_event, events)) if events else KEEPALIVE_COMMENT


def _event(event: StoredEvent) -> bytes:
    message = JobEvent(id=event.id, kind=event.kind, job=job_message(event.job))
    return format_sse_event(
        event=event.kind.value, data_str=message.model_dump_json(), id=str(event.id)
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
