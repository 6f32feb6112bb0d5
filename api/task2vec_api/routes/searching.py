"""Questions about stored tasks and about data sets that are embedded for the answer only."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.jobs import Job
from task2vec.messages.neighbours import DistanceQuestion, Distances, Neighbours, SearchQuestion
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.recommendations import (
    Recommended,
)
from task2vec.service.recommend.recommendation import recommend
from task2vec.service.tasks.dataset_sources import images_missing
from task2vec.service.tasks.search import distances
from task2vec.service.tasks.search import search as near_tasks
from task2vec.service.tasks.subjects import stored_subject
from task2vec_api.access import Reader, Writer
from task2vec_api.job_submission import TheSubmission
from task2vec_api.responses import Responses, answering, by_job, failing, json_answer, router
from task2vec_api.runtime import TheRuntime

routes = router("search")

_OR_JOB: Responses = {
    **answering(
        202, Job, "The job whose result is the answer: a data set has to be embedded first."
    ),
    **failing(404),
}


@routes.post(
    "/search",
    summary="Search near tasks",
    response_model=Neighbours,
    response_description="The nearest tasks, nearest first.",
    responses=_OR_JOB,
)
async def search(
    request: Request,
    question: SearchQuestion,
    runtime: TheRuntime,
    submission: TheSubmission,
    caller: Reader,
) -> Response:
    """Return the stored tasks that are nearest to a stored task or to an uploaded data set."""
    task, workspace = question.task, runtime.workspace
    if task is None:
        return await submission.answer(question, Neighbours)

    def answer() -> Response:
        return json_answer(near_tasks(workspace, question, stored_subject(workspace, task)))

    return await runtime.computing.run(request, answer)


@routes.post(
    "/distances",
    summary="Measure distances",
    response_model=Distances,
    response_description="All distances, both ways.",
    responses=_OR_JOB,
)
async def measure_distances(
    request: Request,
    question: DistanceQuestion,
    runtime: TheRuntime,
    submission: TheSubmission,
    caller: Reader,
) -> Response:
    """Return how far two tasks are apart, each stored or an uploaded data set."""
    source, target, workspace = question.source.task, question.target.task, runtime.workspace
    if source is None or target is None:
        return await submission.answer(question, Distances)

    def answer() -> Response:
        sides = stored_subject(workspace, source), stored_subject(workspace, target)
        return json_answer(distances(workspace, *sides))

    return await runtime.computing.run(request, answer)


@routes.post(
    "/recommendations",
    summary="Recommend starting models",
    response_model=Recommended,
    response_description="The ranked starting models, with reasons.",
    responses=_OR_JOB,
)
async def recommend_models(
    request: Request,
    question: RecommendationQuestion,
    runtime: TheRuntime,
    submission: TheSubmission,
    caller: Reader,
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
    task, workspace = question.task, runtime.workspace
    if task is not None and measures:
        missing = await run_in_threadpool(images_missing, workspace, task)
    if task is None or (measures and missing is None):
        return await submission.answer(question, Recommended)

    def answer() -> Response:
        subject = stored_subject(workspace, task)
        return json_answer(recommend(workspace, question, subject, measured={}, missing=missing))

    return await runtime.computing.run(request, answer)


@routes.post("/backtests", summary="Judge the recommender", **by_job(Backtest))
async def backtest_recommender(
    question: BacktestQuestion, submission: TheSubmission, caller: Writer
) -> Response:
    """Ask the recommender and simple rules about each task as if its outcomes were not known.

    The result says how well each ranked, with intervals over tasks, and in one sentence whether the
    recommender is worth using. It takes about a second of the server for each task with outcomes:
    so it needs a key with the scope `write`.
    """
    return await submission.answer(question, Backtest)
