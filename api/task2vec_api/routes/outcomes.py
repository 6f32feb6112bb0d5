"""Outcomes: what fine-tuning gave."""

from typing import Annotated

from fastapi import Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.messages.outcomes import (
    NewOutcomes,
    Outcome,
    OutcomeFilter,
    OutcomePage,
    OutcomesToRemove,
)
from task2vec.service import outcomes as recorded
from task2vec_api.access import Reader, Writer
from task2vec_api.paging import PageQuestion
from task2vec_api.responses import failing, removes, router
from task2vec_api.runtime import TheWorkspace

routes = router("outcomes")

OutcomeId = Annotated[
    str, Path(max_length=200, description="An outcome's id.", examples=["out_ae0d541e09278f23"])
]


class OutcomePageQuestion(PageQuestion, OutcomeFilter):
    """Which outcomes are wanted, and which part of them."""


@routes.get(
    "/outcomes",
    summary="List outcomes",
    response_description="Some outcomes, in the order in which they came.",
    responses=failing(404),
)
def list_outcomes(
    question: Annotated[OutcomePageQuestion, Query()], workspace: TheWorkspace, caller: Reader
) -> OutcomePage:
    """Return the recorded outcomes, page by page."""
    page = recorded.page_of_outcomes(
        workspace, question, limit=question.page_size, after=question.place() or 0
    )
    return OutcomePage(outcomes=tuple(page.items), next_page_token=question.token(page.next))


@routes.post(
    "/outcomes",
    summary="Record outcomes",
    status_code=201,
    response_description="The outcomes as they were recorded.",
    responses=failing(404, 507),
)
async def add_outcomes(new: NewOutcomes, workspace: TheWorkspace, caller: Writer) -> OutcomePage:
    """Record what fine-tuning gave: all of the outcomes, or none.

    Those that say what is recorded already are recorded too, and `repeats` tells of it: they are
    one measurement, and count once.
    """
    added = await run_in_threadpool(recorded.add_outcomes, workspace, new)
    return OutcomePage(outcomes=tuple(added))


@routes.post(
    "/outcomes:remove",
    summary="Remove outcomes",
    response_description="What the outcomes were, in the order of their ids.",
    responses=failing(404, 507),
)
async def remove_outcomes(
    wrong: OutcomesToRemove, workspace: TheWorkspace, caller: Writer
) -> OutcomePage:
    """Take back outcomes that were recorded wrongly: all of them, or none where one is not there.

    From then on recommendations and backtests know nothing of them.
    """
    removed = await run_in_threadpool(recorded.remove_outcomes, workspace, wrong.outcomes)
    return OutcomePage(outcomes=tuple(removed))


@routes.get(
    "/outcomes/{outcome}",
    summary="Show an outcome",
    response_description="The outcome.",
    responses=failing(404),
)
def get_outcome(outcome: OutcomeId, workspace: TheWorkspace, caller: Reader) -> Outcome:
    """Return one outcome."""
    return recorded.get_outcome(workspace, outcome)


@routes.delete("/outcomes/{outcome}", summary="Remove an outcome", **removes(507))
def delete_outcome(outcome: OutcomeId, workspace: TheWorkspace, caller: Writer) -> Response:
    """Take back an outcome; recommendations and backtests know nothing of it from then on."""
    recorded.remove_outcomes(workspace, [outcome])
    return Response(status_code=204)
