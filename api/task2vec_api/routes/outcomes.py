"""Outcomes: what fine-tuning gave."""

from collections.abc import Iterable
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
from task2vec.types.names import LONGEST_PROTOCOL
from task2vec_api.access import Reader, Writer
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.responses import failing, router, sent
from task2vec_api.runtime import TheWorkspace

routes = router("outcomes")

OutcomeId = Annotated[
    str, Path(max_length=200, description="An outcome's id.", examples=["out_ae0d541e09278f23"])
]


@routes.get(
    "/outcomes",
    summary="List outcomes",
    response_description="Some outcomes, in the order in which they came.",
    responses=failing(404),
)
def list_outcomes(
    workspace: TheWorkspace,
    caller: Reader,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
    model: Annotated[str | None, Query(max_length=200, description="Only of this model.")] = None,
    task: Annotated[str | None, Query(max_length=200, description="Only on this task.")] = None,
    protocol: Annotated[
        str | None, Query(max_length=LONGEST_PROTOCOL, description="Only by this protocol.")
    ] = None,
    created: Annotated[
        str | None,
        Query(
            max_length=100,
            description="Only those recorded at this time (UTC), such as those of one import.",
            examples=["2026-11-26T05:56:06.709Z"],
            json_schema_extra={"format": "date-time"},
        ),
    ] = None,
) -> OutcomePage:
    """Return the recorded outcomes, page by page."""
    question = OutcomeFilter(model=model, task=task, protocol=protocol, created=created)
    listing = Listing("outcomes", **dict(question))
    after = listing.place(page_token) or 0
    page = recorded.page_of_outcomes(workspace, question, limit=page_size, after=after)
    return _page(page.items, listing.token(page.next))


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
    return _page(added)


@routes.post(
    "/outcomes:remove",
    summary="Remove outcomes",
    response_description="What the outcomes were, in the order of their ids.",
    responses=failing(404, 507),
)
async def remove_outcomes(
    asked: OutcomesToRemove, workspace: TheWorkspace, caller: Writer
) -> OutcomePage:
    """Take back outcomes that were recorded wrongly: all of them, or none where one is not there.

    From then on recommendations and backtests know nothing of them.
    """
    removed = await run_in_threadpool(recorded.remove_outcomes, workspace, asked.outcomes)
    return _page(removed)


@routes.get(
    "/outcomes/{outcome}",
    summary="Show an outcome",
    response_description="The outcome.",
    responses=failing(404),
)
def get_outcome(outcome: OutcomeId, workspace: TheWorkspace, caller: Reader) -> Outcome:
    """Return one outcome."""
    return recorded.get_outcome(workspace, outcome)


@routes.delete(
    "/outcomes/{outcome}",
    summary="Remove an outcome",
    status_code=204,
    response_class=Response,
    responses={**sent(204, "It is gone."), **failing(404, 507)},
)
def delete_outcome(outcome: OutcomeId, workspace: TheWorkspace, caller: Writer) -> Response:
    """Take back an outcome; recommendations and backtests know nothing of it from then on."""
    recorded.remove_outcomes(workspace, [outcome])
    return Response(status_code=204)


def _page(found: Iterable[Outcome], token: str | None = None) -> OutcomePage:
    return OutcomePage(outcomes=tuple(found), next_page_token=token)
