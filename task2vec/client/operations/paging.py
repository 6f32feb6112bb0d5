"""Long lists, page by page as they are iterated over."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from task2vec.client.request import Request
from task2vec.client.senders import call
from task2vec.client.steps import Emit, Sender, Stream
from task2vec.messages.base import Page

T = TypeVar("T")
P = TypeVar("P", bound=Page)

PAGE_SIZE = 500


def pages(sender: Sender, request: Request[P], items: Callable[[P], tuple[T, ...]]) -> Stream[T]:
    """Yield the items of all pages; each page is asked for when the one before is used up."""
    query: dict[str, Any] = {"page_size": PAGE_SIZE, **request.query}
    while True:
        page = yield from call(sender, replace(request, query=query))
        for item in items(page):
            yield Emit(item)
        if page.next_page_token is None:
            return
        query = {**query, "page_token": page.next_page_token}
