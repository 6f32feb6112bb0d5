"""Jobs: followed, cancelled, tried again."""

from time import time
from typing import Annotated

from fastapi import Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import Job, JobPage, NewTuning
from task2vec.types import JobKind, JobState
from task2vec_api.access import Reader, ReaderOrWorker, Writer
from task2vec_api.job_submission import Prefer, result_as, submit
from task2vec_api.messages import job_message
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.responses import failing, json_answer, router, told
from task2vec_api.runtime import TheRuntime, TheWorkspace

routes = router("jobs")

JobId = Annotated[
    str, Path(max_length=200, description="A job's id.", examples=["job_01kb2m4a9z3x5c7v"])
]


@routes.post(
    "/finetunings",
    summary="Fine-tune a starting model",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job that fine-tunes: follow it under Location."),
        **told(200, Tuned, "The new expert, with `Prefer: wait` and when it was done in time."),
        **failing(404, 409, 507),
    },
)
async def finetune_model(
    request: Request,
    question: NewTuning,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Fine-tune a starting model on a stored task whose images are kept, or on a data set.

    The result is a new expert in the zoo, and an outcome for where it started.
    """
    finish = result_as(Tuned)
    return await submit(request, runtime, caller, question=question, finish=finish)


@routes.post(
    "/comparisons",
    summary="Compare starting models",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job that fine-tunes them: follow it under Location."),
        **told(200, Comparison, "The answer, with `Prefer: wait` and when it was there in time."),
        **failing(404, 409, 507),
    },
)
async def compare_models(
    request: Request,
    question: NewComparison,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Fine-tune several starting models, and the default, on the same images with the same splits.

    Each becomes an expert, as by `POST /v1/finetunings`. What was fine-tuned on these images with
    these settings before is not trained again, so that a comparison that failed or was cancelled
    goes on where it stopped.
    """
    finish = result_as(Comparison)
    return await submit(request, runtime, caller, question=question, finish=finish)


@routes.get(
    "/jobs",
    summary="List jobs",
    response_model=JobPage,
    responses=told(200, JobPage, "Some jobs, newest first."),
)
def list_jobs(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    kind: Annotated[JobKind | None, Query(description="Only jobs of this kind.")] = None,
    batch: Annotated[
        str | None, Query(max_length=200, description="Only jobs of this batch.")
    ] = None,
) -> Response:
    """Return the jobs, newest first, page by page."""
    listing = Listing("jobs", state=state, kind=kind, batch=batch)
    page, following = workspace.store().jobs.list_page(
        state=state,
        kind=kind,
        batch=batch,
        limit=page_size,
        before=listing.place(page_token),
    )
    return json_answer(
        JobPage(
            jobs=tuple(map(job_message, page)),
            next_page_token=listing.token(following),
        )
    )


@routes.get(
    "/jobs/{job}",
    summary="Show a job",
    response_model=Job,
    responses={**told(200, Job, "The job as it is."), **failing(404)},
)
def get_job(job: JobId, workspace: TheWorkspace, caller: ReaderOrWorker) -> Response:
    """Return a job: its state, its progress, its result or why it failed."""
    return json_answer(job_message(workspace.store().jobs.get(job)))


@routes.post(
    "/jobs/{job}:cancel",
    summary="Cancel a job",
    response_model=Job,
    responses={
        **told(200, Job, "The job: cancelled, or cancelling until its worker has stopped."),
        **failing(404, 409, 507),
    },
)
async def cancel_job(job: JobId, runtime: TheRuntime, caller: Writer) -> Response:
    """Cancel a job; one that has ended cannot be cancelled."""
    cancelled = await run_in_threadpool(runtime.workspace.store().jobs.cancel, job, now=time())
    runtime.bell.ring()
    return json_answer(job_message(cancelled))


@routes.post(
    "/jobs/{job}:retry",
    summary="Try a job again",
    response_model=Job,
    responses={**told(200, Job, "The job, queued again."), **failing(404, 409, 507)},
)
async def retry_job(job: JobId, runtime: TheRuntime, caller: Writer) -> Response:
    """Queue a failed or cancelled job again, as if it were new."""
    again = await run_in_threadpool(runtime.workspace.store().jobs.retry, job, now=time())
    runtime.bell.ring()
    return json_answer(job_message(again))
