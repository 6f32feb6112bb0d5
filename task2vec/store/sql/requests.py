"""Whose request a transaction is for, so that a repeated request is not done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import ColumnElement, Connection, and_, exists, select, update

from task2vec.errors import StateError
from task2vec.store.sql.schema_service import idempotency

BEGUN, WRITTEN, INTERRUPTED, ANSWERED = "begun", "written", "interrupted", "answered"
"""How far the request of an idempotency key is: a server that died can have ended it anywhere."""

_CURRENT: ContextVar[tuple[str, str] | None] = ContextVar("request", default=None)


@contextmanager
def for_request(owner: str, key: str) -> Iterator[None]:
    """Let every transaction in this context note that the request of this key left a trace.

    The note is part of the transaction: it is there exactly when its effect is.
    """
    token = _CURRENT.set((owner, key))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def note_written(connection: Connection) -> None:
    """Note it in a transaction that is about to end.

    Raises:
        StateError: where the request was given up, so that its key is free: a repetition would do
            the same again.
    """
    current = _CURRENT.get()
    if current is None:
        return
    begun = and_(is_request(*current), idempotency.c.progress == BEGUN)
    noted = connection.execute(update(idempotency).where(begun).values(progress=WRITTEN))
    if not noted.rowcount and not connection.scalar(select(exists().where(is_request(*current)))):
        raise StateError("The request was given up before it wrote anything", remedy="Repeat it.")


def is_request(owner: str, key: str) -> ColumnElement[bool]:
    """Return the condition for the row of a request."""
    return and_(idempotency.c.owner == owner, idempotency.c.key == key)
