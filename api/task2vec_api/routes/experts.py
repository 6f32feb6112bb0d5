"""Experts: fine-tuned and compared here, asked what images show, and judged by labelled ones."""

from starlette.responses import Response

from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.evaluations import Evaluation, NewEvaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import NewTuning
from task2vec.messages.predictions import NewPrediction, Predictions
from task2vec_api.access import Writer
from task2vec_api.job_submission import TheSubmission
from task2vec_api.responses import by_job, router

routes = router("models")


@routes.post("/finetunings", summary="Fine-tune a starting model", **by_job(Tuned, 404, 409, 507))
async def finetune_model(
    question: NewTuning, submission: TheSubmission, caller: Writer
) -> Response:
    """Fine-tune a starting model on a stored task whose images are kept, or on a data set.

    The result is a new expert in the zoo, and an outcome for where it started.
    """
    return await submission.answer(question, Tuned)


@routes.post("/comparisons", summary="Compare starting models", **by_job(Comparison, 404, 409, 507))
async def compare_models(
    question: NewComparison, submission: TheSubmission, caller: Writer
) -> Response:
    """Fine-tune several starting models, and the default, on the same images with the same splits.

    Each becomes an expert, as by `POST /v1/finetunings`. What was fine-tuned on these images with
    these settings before is not trained again, so that a comparison that failed or was cancelled
    goes on where it stopped.
    """
    return await submission.answer(question, Comparison)


@routes.post("/predictions", summary="Classify images", **by_job(Predictions, 404, 409, 507))
async def classify_images(
    question: NewPrediction, submission: TheSubmission, caller: Writer
) -> Response:
    """Classify the images of an uploaded data set with an expert, with calibrated probabilities.

    An image that cannot be read has an `error` and stops nothing. With `remove_dataset` the images
    are removed once the job has ended, however it ends; the answer is kept with the job.
    """
    return await submission.answer(question, Predictions)


@routes.post("/evaluations", summary="Evaluate an expert", **by_job(Evaluation, 404, 409, 507))
async def evaluate_expert(
    question: NewEvaluation, submission: TheSubmission, caller: Writer
) -> Response:
    """Measure the accuracy of an expert on a labelled data set or on the images of a stored task.

    By class with 95 % intervals, with the table of confusions. A source with a test split is
    evaluated on that split. Images of classes that the expert does not tell are left out, and a
    warning says how many.
    """
    return await submission.answer(question, Evaluation)
