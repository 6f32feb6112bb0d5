"""Classifying images with an expert of the zoo."""

from fastapi import Request
from starlette.responses import Response

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
