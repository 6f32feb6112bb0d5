"""Classifying images with an expert of the zoo, and how good it is on labelled ones."""

from fastapi import Request
from starlette.responses import Response

from task2vec.messages.evaluations import Evaluation, NewEvaluation
from task2vec.messages.jobs import Job
from task2vec.messages.predictions import NewPrediction, Predictions
from task2vec_api.access import Writer
from task2vec_api.job_submission import Prefer, result_as, submit
from task2vec_api.responses import failing, router, told
from task2vec_api.runtime import TheRuntime

routes = router("models")


@routes.post(
    "/predictions",
    summary="Classify images",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job whose result is the answer: follow it under Location."),
        **told(200, Predictions, "The answer, with `Prefer: wait` and when it was there in time."),
        **failing(404, 409, 507),
    },
)
async def classify_images(
    request: Request,
    question: NewPrediction,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Classify the images of an uploaded data set with an expert, with calibrated probabilities.

    An image that cannot be read has an `error` and stops nothing. With `remove_dataset` the images
    are removed once the job has ended, however it ends; the answer is kept with the job.
    """
    finish = result_as(Predictions)
    return await submit(request, runtime, caller, question=question, finish=finish)


@routes.post(
    "/evaluations",
    summary="Evaluate an expert",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job whose result is the answer: follow it under Location."),
        **told(200, Evaluation, "The answer, with `Prefer: wait` and when it was there in time."),
        **failing(404, 409, 507),
    },
)
async def evaluate_expert(
    request: Request,
    question: NewEvaluation,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Measure the accuracy of an expert on a labelled data set or on the images of a stored task.

    By class with 95 % intervals, with the table of confusions. A source with a test split is
    evaluated on that split. Images of classes that the expert does not tell are left out, and a
    warning says how many.
    """
    finish = result_as(Evaluation)
    return await submit(request, runtime, caller, question=question, finish=finish)
