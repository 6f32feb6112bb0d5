"""Answering what takes a job: at once with the job, or with its result where the client waits."""

import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.jobs import jobs
from task2vec.jobs.job_messages import job_message
from task2vec.messages.base import Question
from task2vec.messages.jobs import Job
from task2vec.types import JobState
from task2vec_api.access import Caller
from task2vec_api.middleware.headers import wish
from task2vec_api.responses import json_answer, made
from task2vec_api.runtime import MARGIN, TheRuntime

Prefer = Annotated[
    str | None,
    Header(
        max_length=200,
        description="`wait=SECONDS` (at most 60): wait so long for the result itself.",
        examples=["wait=30"],
    ),
]

_LONGEST_WAIT = 60.0

#: Turns the result of a job that has succeeded into the response.
Finish = Callable[[Mapping[str, Any]], Response]


class Submission:
    """Queues the work of one request; a dependency, by which the request may say how to wait."""

    def __init__(self, request: Request, runtime: TheRuntime, prefer: Prefer = None) -> None:
        del prefer  # `wish` reads it, as the layers around do
        self._request = request
        self._runtime = runtime
        self._caller: Caller = request.state.caller

    async def answer(self, question: Question, result: type[BaseModel]) -> Response:
        """Queue the work that a question takes; answer 202 with the job, or with its result.

        Raises what `task2vec.jobs.jobs.submit` raises.
        """
        return await self.finish(
            question, lambda fields: json_answer(result.model_validate(fields))
        )

    async def finish(self, question: Question, finish: Finish) -> Response:
        """Do the same, the result answered as ``finish`` says.

        Raises what `task2vec.jobs.jobs.submit` raises.
        """
        runtime = self._runtime
        owner = self._caller.key
        job = job_message(
            await runtime.change(jobs.submit, runtime.workspace, question, owner=owner)
        )
        if (woken := runtime.woken.get(job.kind)) is not None:
            woken.set()
        seconds = wish(self._request.scope, "wait")
        if seconds is not None:
            job = await self._waited_for(job, seconds)
        if seconds is None or job.state is not JobState.SUCCEEDED or job.result is None:
            response = made(job, f"/v1/jobs/{job.id}", status=202)
        else:
            response = finish(job.result)
        if seconds is not None:
            response.headers["Preference-Applied"] = "wait"
        return response

    async def _waited_for(self, job: Job, seconds: float) -> Job:
        """Return the job when it has ended, or as it is when the time is over."""
        runtime = self._runtime
        until = time.monotonic() + min(max(seconds, 0.0), _LONGEST_WAIT)

        async def ended() -> Job | None:
            nonlocal job
            job = job_message(await run_in_threadpool(runtime.workspace.store().jobs.get, job.id))
            return job if job.state.final else None

        if not job.state.final:
            await runtime.first(ended, until=min(until, self._request.state.deadline - MARGIN))
        return job


TheSubmission = Annotated[Submission, Depends()]
"""For an endpoint: what queues its work."""
