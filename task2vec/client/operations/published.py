"""Published figures of models."""

from collections.abc import Sequence

from task2vec.client.operations.asking import ask
from task2vec.client.operations.naming import size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.request import get
from task2vec.client.steps import Sender, Stream
from task2vec.messages.published import PublishedModel, PublishedModelPage, PublishedQuestion


def list_published(
    sender: Sender,
    *,
    max_parameters: int | None = None,
    max_operations: int | None = None,
    max_input_size: int | None = None,
    architecture: str | None = None,
    licence: str | None = None,
    figure: str = "imagenet",
    costs: Sequence[str] = ("parameters",),
    pareto: bool = True,
    sort: str = "accuracy",
    page_size: int | None = None,
) -> Stream[PublishedModel]:
    """Yield published models, by default those that no other beats in accuracy and parameters.

    ``figure`` names the test images that the accuracy is of (imagenet, real, v2, r, a, sketch),
    ``costs`` what it is traded for (parameters, operations, input_size), ``sort`` the order
    (accuracy, one of the costs, name). ``architecture`` is a pattern, `*` standing for anything.
    With ``pareto`` false all models within the limits come. Raises `SettingError` for anything
    else.
    """
    question = ask(
        PublishedQuestion,
        max_parameters=max_parameters,
        max_operations=max_operations,
        max_input_size=max_input_size,
        architecture=architecture,
        licence=licence,
        figure=figure,
        costs=tuple(costs),
        pareto=pareto,
        sort=sort,
    )
    query = question.model_dump(mode="json", exclude_none=True)
    # What is false is left out of a query, and would be taken at its default.
    query["pareto"] = str(question.pareto).lower()
    request = get(
        "/published-models", PublishedModelPage, page_size=size_of_pages(page_size), **query
    )
    return pages(sender, request, lambda page: page.models)
