"""Published figures of models: what there is to register, and at what cost."""

from typing import Annotated

from fastapi import Query

from task2vec.messages.published import PublishedModelPage, PublishedQuestion
from task2vec.service.models.published import page_of_published
from task2vec.types.published import Cost, Figure, Order
from task2vec_api.access import Reader
from task2vec_api.paging import Listing, PageSize, ThePageToken
from task2vec_api.responses import router

routes = router("models")

_Limit = Query(
    ge=1, le=2**53, description="The most allowed; models without this figure are left out."
)


@routes.get(
    "/published-models",
    summary="List published models",
    response_description="Some models, in the order that was asked for.",
)
def list_published_models(
    caller: Reader,
    max_parameters: Annotated[int | None, _Limit] = None,
    max_operations: Annotated[int | None, _Limit] = None,
    max_input_size: Annotated[int | None, _Limit] = None,
    architecture: Annotated[
        str | None, Query(max_length=200, description="`*` stands for anything.")
    ] = None,
    licence: Annotated[
        str | None, Query(max_length=200, description="Of the weights, as timm states it.")
    ] = None,
    figure: Annotated[
        Figure, Query(description="The test images that the accuracy is of.")
    ] = Figure.IMAGENET,
    costs: Annotated[
        list[Cost] | None,
        Query(max_length=3, description="What accuracy is traded for; `parameters` unless given."),
    ] = None,
    pareto: Annotated[
        bool, Query(description="Only models that no other beats in accuracy and costs.")
    ] = True,
    sort: Annotated[
        Order, Query(description="The best or the cheapest first, or by name.")
    ] = Order.ACCURACY,
    page_size: PageSize = 100,
    page_token: ThePageToken = None,
) -> PublishedModelPage:
    """Return models of timm with published accuracies, sizes, operations and licences.

    They are what a recommendation expects of a model before anything is measured. `POST /v1/models`
    registers one by its `ref`.
    """
    question = PublishedQuestion(
        max_parameters=max_parameters,
        max_operations=max_operations,
        max_input_size=max_input_size,
        architecture=architecture,
        licence=licence,
        figure=figure,
        costs=tuple(costs or (Cost.PARAMETERS,)),
        pareto=pareto,
        sort=sort,
    )
    listing = Listing("published-models", question=repr(question))
    models, after = page_of_published(
        question, limit=page_size, after=listing.place(page_token) or 0
    )
    return PublishedModelPage(models=tuple(models), next_page_token=listing.token(after))
