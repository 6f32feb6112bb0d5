"""What workers call: they take jobs, tell how far they are, and hand in what came out."""

import time
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.jobs import leases, recommend
from task2vec.jobs.job_messages import job_message
from task2vec.messages.jobs import Job
from task2vec.messages.leases import (
    Failure,
    Findings,
    Heartbeat,
    Lease,
    LeaseQuestion,
    Plan,
    PlannedModel,
    Pulse,
    Release,
)
from task2vec.types import JobState
from task2vec_api.access import Worker
from task2vec_api.forms import BINARY, UploadForm, form_body, receive_form
from task2vec_api.responses import failing, json_answer, router, sent
from task2vec_api.routes.jobs import JobId
from task2vec_api.runtime import MARGIN, Runtime, TheRuntime

routes = router("workers")

T = TypeVar("T")

_LARGEST_FINDINGS = 16 * 2**20
_FILES = {
    "embedding.task": ".npz",
    "embedding.source": ".npz",
    "embedding.target": ".npz",
    "thumbnail.task": ".png",
    "thumbnail.source": ".png",
    "thumbnail.target": ".png",
    "checkpoint": ".safetensors",
}
_FORM = form_body(
    {
        "required": ["findings"],
        "properties": {
            "findings": {"$ref": "#/components/schemas/Findings"},
            **dict.fromkeys(_FILES, BINARY),
        },
    },
    example={"findings": {"fence": 1, "seconds": 12.5, "warnings": []}},
    encoding={"findings": {"contentType": "application/json"}},
)


@routes.post(
    "/leases",
    summary="Take a job",
    response_model=Lease,
    response_description="A job, lent for a while.",
    responses=sent(204, "There is none."),
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

    async def next_job() -> Response | None:
        # A job that is lent to nobody would be missed for a whole lease.
        if await request.is_disconnected():
            return Response(status_code=204)
        runtime.workers.asks(question.worker, question.kinds)
        lent = await run_in_threadpool(
            leases.lease,
            runtime.workspace,
            worker=question.worker,
            kinds=question.kinds,
            seconds=runtime.settings.lease_seconds,
        )
        return None if lent is None else _lend(runtime, question, lent)

    until = min(time.monotonic() + wait, request.state.deadline - MARGIN)
    return await runtime.first(next_job, until=until) or Response(status_code=204)


def _lend(runtime: TheRuntime, question: LeaseQuestion, lent: leases.Lent) -> Response:
    runtime.workers.works(question.worker, lent.job.id)
    runtime.notifier.notify()
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
    response_description="Until when the lease lasts, and whether to stop.",
    responses=failing(404, 409, 507),
)
async def beat(job: JobId, heartbeat: Heartbeat, runtime: TheRuntime, caller: Worker) -> Pulse:
    """Tell how far a job is. The lease is prolonged only when that is further than before."""
    record = await runtime.change(
        leases.heartbeat,
        runtime.workspace,
        job,
        fence=heartbeat.fence,
        progress=heartbeat.progress,
        seconds=runtime.settings.lease_seconds,
    )
    if record.worker is not None:
        runtime.workers.works(record.worker, job)
    cancel = record.state is JobState.CANCELLING
    return Pulse.model_validate({"cancel": cancel, "expires": record.lease_until})


@routes.post(
    "/leases/{job}:plan",
    summary="Ask what to measure",
    response_description="The starting models to measure, most promising first.",
    responses=failing(404, 408, 409, 415, 507),
    openapi_extra=_FORM,
)
async def plan_measuring(job: JobId, request: Request, runtime: TheRuntime, caller: Worker) -> Plan:
    """Say which models to measure on a data set that the worker has embedded; nothing is stored.

    The form is that of `:complete`, with the embedding alone.
    """
    models = await _with_findings(request, runtime, job, recommend.plan)
    return Plan(models=tuple(map(PlannedModel.model_validate, models)))


@routes.post(
    "/leases/{job}:complete",
    summary="Hand in what came out",
    response_description="The job as it ended: what came may not have been usable.",
    responses=failing(404, 408, 409, 415, 507),
    openapi_extra=_FORM,
)
async def complete_job(job: JobId, request: Request, runtime: TheRuntime, caller: Worker) -> Job:
    """End a job with what its worker found; doing so twice changes nothing."""
    record = await _with_findings(request, runtime, job, leases.complete)
    runtime.notifier.notify()
    return job_message(record)


async def _with_findings(request: Request, runtime: Runtime, job: str, use: Callable[..., T]) -> T:
    """Receive the form of a worker's findings, and return what a use case makes of them."""
    with UploadForm(
        runtime.workspace,
        largest=runtime.settings.upload_bytes,
        fields=f"findings, and files {', '.join(_FILES)}",
        texts={"findings": 1},
        files=_FILES,
        longest_text=_LARGEST_FINDINGS,
    ) as form:
        await receive_form(request, form.open)
        try:
            findings = Findings.model_validate_json(form.text("findings") or "")
        except ValidationError as error:
            faults = [{**fault, "loc": ("findings", *fault["loc"])} for fault in error.errors()]
            raise RequestValidationError(faults) from error
        return await run_in_threadpool(
            use, runtime.workspace, job, sent=findings, files=form.files()
        )


@routes.post(
    "/leases/{job}:fail",
    summary="Tell of a failure",
    response_description="The job: failed, or queued to be tried again.",
    responses=failing(404, 409, 507),
)
async def fail_job(job: JobId, failure: Failure, runtime: TheRuntime, caller: Worker) -> Job:
    """End a try badly; transient failures are tried again, at most three times."""
    record = await runtime.change(
        leases.fail,
        runtime.workspace,
        job,
        fence=failure.fence,
        failure=failure,
        transient=failure.transient,
    )
    return job_message(record)


@routes.post(
    "/leases/{job}:release",
    summary="Give a job back",
    response_description="The job, queued again.",
    responses=failing(404, 409, 507),
)
async def release_job(job: JobId, release: Release, runtime: TheRuntime, caller: Worker) -> Job:
    """Give a job back, since the worker stops; the try does not count."""
    record = await runtime.change(
        runtime.workspace.store().jobs.release, job, fence=release.fence, now=time.time()
    )
    return job_message(record)
