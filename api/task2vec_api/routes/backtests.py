"""Whether the recommender is worth using, by the outcomes of the store."""

from fastapi import Request
from starlette.responses import Response

from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.jobs import Job
from task2vec_api.access import Writer
from task2vec_api.job_submission import Prefer, result_as, submit
from task2vec_api.responses import router, told
from task2vec_api.runtime import TheRuntime

routes = router("search")


@routes.post(
    "/backtests",
    summary="Judge the recommender",
    status_code=202,
    response_model=Job,
    responses={
        **told(202, Job, "The job whose result is the answer: follow it under Location."),
        **told(200, Backtest, "The answer, with `Prefer: wait` and when it was there in time."),
    },
)
async def backtest_recommender(
    request: Request,
    question: BacktestQuestion,
    runtime: TheRuntime,
    caller: Writer,
    prefer: Prefer = None,
) -> Response:
    """Ask the recommender and simple rules about each task as if its outcomes were not known.

    The result says how well each ranked, with intervals over tasks, and in one sentence whether the
    recommender is worth using. It takes about a second of the server for each task with outcomes:
    so it needs a key with the scope `write`.
    """
    return await submit(
        request,
        runtime,
        caller,
        question=question,
        finish=result_as(Backtest),
        wake=request.app.state.backtests.wake,
    )
