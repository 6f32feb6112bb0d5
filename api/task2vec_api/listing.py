"""A list that is read page by page, each page bound to its filters."""

from typing import Annotated, Any

from fastapi import Query

from task2vec_api.paging import PageToken, page_token, read_page_token

ThePageToken = Annotated[PageToken, Query(alias="page_token")]
"""For an endpoint: where to read on."""


class Listing:
    """The list ``name`` with these filters."""

    def __init__(self, name: str, **filters: Any) -> None:
        self._name = name
        self._filters = filters

    def place(self, token: str | None) -> Any:
        """Return the place that `token` was given; None for the start.

        Raises `PageTokenError` for the token of another list.
        """
        return read_page_token(token, listing=self._name, filters=self._filters)

    def token(self, place: Any) -> str | None:
        """Return the token for the page behind a place; None at the end."""
        if place is None:
            return None
        return page_token(place, listing=self._name, filters=self._filters)
