"""Answering what takes a job: at once with the job, or with its result where the client waits."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Header, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.jobs import jobs
from task2vec.messages.base import Question
from task2vec.store.jobs.record import JobRecord
from task2vec.types import JobState
from task2vec_api.access import Caller
from task2vec_api.messages import job_message
from task2vec_api.middleware.headers import wish
from task2vec_api.responses import json_answer
from task2vec_api.runtime import Runtime

Prefer = Annotated[
    str | None,
    Header(
        max_length=200,
        description="`wait=SECONDS` (at most 60): wait so long for the result itself.",
        examples=["wait=30"],
    ),
]

_LONGEST_WAIT = 60.0
# What is due by the clock alone rings no bell.
_LOOK_AGAIN = 1.0
# Leaves time to answer before the deadline.
_MARGIN = 0.2

#: Turns the result of a job that has succeeded into the response.
Finish = Callable[[Mapping[str, Any]], Response]


async def submit(
    request: Request,
    runtime: Runtime,
    caller: Caller,
    *,
    question: Question,
    finish: Finish,
    wake: Callable[[], None] | None = None,
) -> Response:
    """Queue the work that a question takes; answer 202 with the job, or with its result.

    ``wake`` is called once the job is there, to tell who is to do it.

    Raises what `task2vec.jobs.jobs.submit` raises.
    """
    job = await run_in_threadpool(jobs.submit, runtime.workspace, question, owner=caller.key)
    runtime.bell.ring()
    if wake is not None:
        wake()
    seconds = wish(request.scope, "wait")
    if seconds is not None:
        job = await _ended(runtime, job, until=_until(request, seconds))
    if seconds is not None and job.state is JobState.SUCCEEDED and job.result is not None:
        response = finish(job.result)
    else:
        response = json_answer(job_message(job), status=202)
        response.headers["Location"] = f"/v1/jobs/{job.id}"
    if seconds is not None:
        response.headers["Preference-Applied"] = "wait"
    return response


def result_as(model: type[BaseModel]) -> Finish:
    """Return what answers with a job's result as this message."""
    return lambda result: json_answer(model.model_validate(result))


def _until(request: Request, seconds: float) -> float:
    until = time.monotonic() + min(max(seconds, 0.0), _LONGEST_WAIT)
    deadline: float = request.scope.get("state", {}).get("deadline", until + _MARGIN)
    return min(until, deadline - _MARGIN)


async def _ended(runtime: Runtime, job: JobRecord, *, until: float) -> JobRecord:
    """Return the job when it has ended, or as it is when the time is over."""
    while not job.state.final and not runtime.draining.is_set():
        listening = runtime.bell.listen()
        job = await run_in_threadpool(runtime.workspace.store().jobs.get, job.id)
        left = until - time.monotonic()
        if job.state.final or left <= 0:
            listening.cancel()
            break
        await runtime.bell.heard(listening, min(left, _LOOK_AGAIN))
    return job
