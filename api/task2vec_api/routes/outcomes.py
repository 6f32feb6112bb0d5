"""Outcomes: what fine-tuning gave."""

from typing import Annotated

from fastapi import Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from task2vec.service import catalogue
from task2vec.service.outcome_file import Measured
from task2vec.wire.outcomes import NewOutcomes, Outcome, OutcomePage
from task2vec_api.callers import Reader, Writer
from task2vec_api.documents import failing, json_answer, router, told
from task2vec_api.listing import Listing, ThePageToken
from task2vec_api.paging import PageSize
from task2vec_api.runtime import TheWorkspace

routes = router("outcomes")


@routes.get(
    "/outcomes",
    summary="List outcomes",
    response_model=OutcomePage,
    responses={
        **told(200, OutcomePage, "Some outcomes, in the order in which they came."),
        **failing(404),
    },
)
def list_outcomes(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    model: Annotated[str | None, Query(max_length=200, description="Only of this model.")] = None,
    task: Annotated[str | None, Query(max_length=200, description="Only on this task.")] = None,
) -> Response:
    """Return the recorded outcomes, page by page."""
    listing = Listing("outcomes", model=model, task=task)
    page = catalogue.page_of_outcomes(
        workspace,
        limit=page_size,
        after=listing.place(page_token) or 0,
        model=model,
        task=task,
    )
    return json_answer(
        OutcomePage(
            outcomes=tuple(Outcome.model_validate(found.to_json()) for found in page.outcomes),
            next_page_token=listing.token(page.next),
        )
    )


@routes.post(
    "/outcomes",
    summary="Record outcomes",
    status_code=201,
    response_model=OutcomePage,
    responses={
        **told(201, OutcomePage, "The outcomes as they were recorded."),
        **failing(404, 507),
    },
)
async def add_outcomes(new: NewOutcomes, workspace: TheWorkspace, caller: Writer) -> Response:
    """Record what fine-tuning gave: all of the outcomes, or none."""
    measured = [Measured(**one.model_dump()) for one in new.outcomes]
    added = await run_in_threadpool(catalogue.add_outcomes, workspace, measured)
    outcomes = tuple(Outcome.model_validate(found.to_json()) for found in added)
    return json_answer(OutcomePage(outcomes=outcomes), status=201)
