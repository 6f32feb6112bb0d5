"""Questions about stored tasks and about data sets that are embedded for the answer only."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.errors import SourceError
from task2vec.messages.jobs import Job
from task2vec.messages.neighbours import DistanceQuestion, Distances, Neighbours, SearchQuestion
from task2vec.messages.recommendations import RecommendationQuestion, Recommended
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.dataset_sources import images_missing
from task2vec.service.tasks.search import distances
from task2vec.service.tasks.search import search as near_tasks
from task2vec.service.tasks.subjects import stored_subject
from task2vec.service.workspace import Workspace
from task2vec_api.access import Reader
from task2vec_api.job_submission import Prefer, result_as, submit
from task2vec_api.responses import Responses, failing, json_answer, router, told
from task2vec_api.runtime import TheRuntime

routes = router("search")

_BY_JOB: Responses = {
    **told(202, Job, "The job whose result is the answer: a data set has to be embedded first."),
    **failing(404),
}


@routes.post(
    "/search",
    summary="Search near tasks",
    response_model=Neighbours,
    responses={**told(200, Neighbours, "The nearest tasks, nearest first."), **_BY_JOB},
)
async def search(
    request: Request,
    question: SearchQuestion,
    runtime: TheRuntime,
    caller: Reader,
    prefer: Prefer = None,
) -> Response:
    """Return the stored tasks that are nearest to a stored task or to an uploaded data set."""
    if question.task is None:
        return await submit(
            request,
            runtime,
            caller,
            question=question,
            finish=result_as(Neighbours),
        )
    return await runtime.computing.run(request, _search, runtime.workspace, question, question.task)


def _search(workspace: Workspace, question: SearchQuestion, task: str) -> Response:
    return json_answer(near_tasks(workspace, question, stored_subject(workspace, task)))


@routes.post(
    "/distances",
    summary="Measure distances",
    response_model=Distances,
    responses={**told(200, Distances, "All distances, both ways."), **_BY_JOB},
)
async def measure_distances(
    request: Request,
    question: DistanceQuestion,
    runtime: TheRuntime,
    caller: Reader,
    prefer: Prefer = None,
) -> Response:
    """Return how far two tasks are apart, each stored or an uploaded data set."""
    if question.source.task is None or question.target.task is None:
        return await submit(
            request,
            runtime,
            caller,
            question=question,
            finish=result_as(Distances),
        )
    return await runtime.computing.run(
        request, _distances, runtime.workspace, question.source.task, question.target.task
    )


def _distances(workspace: Workspace, source: str, target: str) -> Response:
    sides = stored_subject(workspace, source), stored_subject(workspace, target)
    return json_answer(distances(workspace, *sides))


@routes.post(
    "/recommendations",
    summary="Recommend starting models",
    response_model=Recommended,
    responses={**told(200, Recommended, "The ranked starting models, with reasons."), **_BY_JOB},
)
async def recommend_models(
    request: Request,
    question: RecommendationQuestion,
    runtime: TheRuntime,
    caller: Reader,
    prefer: Prefer = None,
) -> Response:
    """Rank the starting models for a task, and say whether to leave the default for any of them.

    A stored task is answered from distances and outcomes. With `measure` the models that promise
    most are tried on its images first, which takes a job, as does a data set. Where the server does
    not have the images of the task, what was measured on them before counts, `images_missing` is
    true and a warning says how to bring them. Workers make linear probes and no short
    fine-tunings, which need the store after each step. `max_parameters` is compared with the count
    that an architecture is published with, ImageNet's classifier included: an expert counts as the
    plain model that it descends from.
    """
    measures, missing = question.measure and question.budget > 0, None
    if question.task is not None and measures:
        missing = await run_in_threadpool(images_missing, runtime.workspace, question.task)
    if question.task is None or (measures and missing is None):
        return await submit(
            request,
            runtime,
            caller,
            question=question,
            finish=result_as(Recommended),
        )
    return await runtime.computing.run(
        request, _recommend, runtime.workspace, question, question.task, missing
    )


def _recommend(
    workspace: Workspace,
    question: RecommendationQuestion,
    task: str,
    missing: SourceError | None,
) -> Response:
    subject = stored_subject(workspace, task)
    return json_answer(recommend(workspace, question, subject, measured={}, missing=missing))
