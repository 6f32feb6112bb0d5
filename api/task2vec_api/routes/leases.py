"""What workers call: they take jobs, tell how far they are, and hand in what came out."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.jobs import leases, recommend
from task2vec.messages.jobs import Job
from task2vec.messages.leases import (
    Failure,
    Heartbeat,
    Lease,
    LeaseQuestion,
    Plan,
    PlannedModel,
    Pulse,
    Release,
)
from task2vec.store.jobs.record import JobFailure
from task2vec.types import JobState
from task2vec_api.access import Worker
from task2vec_api.forms import receive_form
from task2vec_api.messages import job_message
from task2vec_api.responses import failing, json_answer, router, sent, told
from task2vec_api.routes.findings_forms import FORM, FindingsForm
from task2vec_api.runtime import Runtime, TheRuntime

routes = router("workers")

T = TypeVar("T")
JobId = Annotated[
    str, Path(max_length=200, description="A job's id.", examples=["job_01kb2m4a9z3x5c7v"])
]
_LOOK_AGAIN = 1.0
# Leaves time to answer before the deadline.
_MARGIN = 0.2


@routes.post(
    "/leases",
    summary="Take a job",
    response_model=Lease,
    responses={**told(200, Lease, "A job, lent for a while."), **sent(204, "There is none.")},
)
async def take_lease(
    request: Request,
    question: LeaseQuestion,
    runtime: TheRuntime,
    caller: Worker,
    wait: Annotated[
        float, Query(ge=0, le=20, description="How many seconds to wait for one.", examples=[20])
    ] = 0.0,
) -> Response:
    """Lend the next job to a worker.

    The lease lasts until `expires`; heartbeats that tell of progress prolong it.
    """
    until = min(time.monotonic() + wait, request.state.deadline - _MARGIN)
    while not runtime.draining.is_set():
        runtime.presence.asks(question.worker, question.kinds)
        listening = runtime.bell.listen()
        lent = await run_in_threadpool(
            leases.lease,
            runtime.workspace,
            worker=question.worker,
            kinds=question.kinds,
            seconds=runtime.settings.lease_seconds,
        )
        left = until - time.monotonic()
        if lent is not None or left <= 0:
            listening.cancel()
            return Response(status_code=204) if lent is None else _lend(runtime, question, lent)
        await runtime.bell.heard(listening, min(left, _LOOK_AGAIN))
        # A job that is lent to nobody would be missed for a whole lease.
        if await request.is_disconnected():
            break
    return Response(status_code=204)


def _lend(runtime: TheRuntime, question: LeaseQuestion, lent: leases.Lent) -> Response:
    runtime.presence.works(question.worker, lent.job.id)
    runtime.bell.ring()
    return json_answer(
        Lease.model_validate(
            {
                "job": lent.job.id,
                "fence": lent.job.fence,
                "kind": lent.job.kind,
                "payload": lent.work.model_dump(mode="json"),
                "seconds": lent.seconds,
                "expires": lent.job.lease_until,
            }
        )
    )


@routes.post(
    "/leases/{job}:heartbeat",
    summary="Tell of progress",
    response_model=Pulse,
    responses={
        **told(200, Pulse, "Until when the lease lasts, and whether to stop."),
        **failing(404, 409, 507),
    },
)
async def beat(job: JobId, heartbeat: Heartbeat, runtime: TheRuntime, caller: Worker) -> Response:
    """Tell how far a job is. The lease is prolonged only when that is further than before."""
    record = await run_in_threadpool(
        leases.heartbeat,
        runtime.workspace,
        job,
        fence=heartbeat.fence,
        progress=heartbeat.progress,
        seconds=runtime.settings.lease_seconds,
    )
    if record.worker is not None:
        runtime.presence.works(record.worker, job)
    runtime.bell.ring()
    cancel = record.state is JobState.CANCELLING
    return json_answer(Pulse.model_validate({"cancel": cancel, "expires": record.lease_until}))


@routes.post(
    "/leases/{job}:plan",
    summary="Ask what to measure",
    response_model=Plan,
    responses={
        **told(200, Plan, "The starting models to measure, most promising first."),
        **failing(404, 408, 409, 415, 507),
    },
    openapi_extra=FORM,
)
async def plan_measuring(
    job: JobId, request: Request, runtime: TheRuntime, caller: Worker
) -> Response:
    """Say which models to measure on a data set that the worker has embedded; nothing is stored.

    The form is that of `:complete`, with the embedding alone.
    """
    models = await _with_findings(request, runtime, job, recommend.plan)
    return json_answer(Plan(models=tuple(map(PlannedModel.model_validate, models))))


@routes.post(
    "/leases/{job}:complete",
    summary="Hand in what came out",
    response_model=Job,
    responses={
        **told(200, Job, "The job as it ended: what came may not have been usable."),
        **failing(404, 408, 409, 415, 507),
    },
    openapi_extra=FORM,
)
async def complete_job(
    job: JobId, request: Request, runtime: TheRuntime, caller: Worker
) -> Response:
    """End a job with what its worker found; doing so twice changes nothing."""
    record = await _with_findings(request, runtime, job, leases.complete)
    runtime.bell.ring()
    return json_answer(job_message(record))


async def _with_findings(request: Request, runtime: Runtime, job: str, use: Callable[..., T]) -> T:
    """Receive the form of a worker's findings, and return what a use case makes of them."""
    with FindingsForm(runtime.workspace, largest=runtime.settings.upload_bytes) as form:
        await receive_form(request, form.open)
        return await run_in_threadpool(
            use, runtime.workspace, job, sent=form.findings(), files=form.files()
        )


@routes.post(
    "/leases/{job}:fail",
    summary="Tell of a failure",
    response_model=Job,
    responses={
        **told(200, Job, "The job: failed, or queued to be tried again."),
        **failing(404, 409, 507),
    },
)
async def fail_job(job: JobId, failure: Failure, runtime: TheRuntime, caller: Worker) -> Response:
    """End a try badly; transient failures are tried again, at most three times."""
    parts = failure.model_dump(include={"code", "problem", "expected", "got", "remedy"})
    record = await run_in_threadpool(
        leases.fail,
        runtime.workspace,
        job,
        fence=failure.fence,
        failure=JobFailure(**parts),
        transient=failure.transient,
    )
    runtime.bell.ring()
    return json_answer(job_message(record))


@routes.post(
    "/leases/{job}:release",
    summary="Give a job back",
    response_model=Job,
    responses={**told(200, Job, "The job, queued again."), **failing(404, 409, 507)},
)
async def release_job(
    job: JobId, release: Release, runtime: TheRuntime, caller: Worker
) -> Response:
    """Give a job back, since the worker stops; the try does not count."""
    held = runtime.workspace.store().jobs
    record = await run_in_threadpool(held.release, job, fence=release.fence, now=time.time())
    runtime.bell.ring()
    return json_answer(job_message(record))
