"""Answers that were given, kept for requests that are sent again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from task2vec.errors import KeyReusedError, StateError
from task2vec.store.database import Database
from task2vec.store.schema_service import idempotency
from task2vec.store.text import dump, load


@dataclass(frozen=True)
class StoredAnswer:
    """The answer to a request; ``headers`` in their order."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Idempotency:
    """The idempotency keys of a store. Every method is one transaction.

    ``owner`` tells the keys of different callers apart, ``fingerprint`` different requests.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, *, owner: str, key: str, fingerprint: str, now: float, keep: float
    ) -> StoredAnswer | None:
        """Take a key for a request; return the answer if the request was answered before.

        A key that is older than ``keep`` seconds is free again.

        Raises:
            KeyReusedError: when the key stands for another request.
            StateError: while the first request is at work.
        """
        with self._database.write() as connection:
            row = connection.execute(select(idempotency).where(_is(owner, key))).first()
            if row is not None and row.created < now - keep:
                connection.execute(delete(idempotency).where(_is(owner, key)))
                row = None
            if row is None:
                _insert(connection, owner=owner, key=key, fingerprint=fingerprint, now=now)
                return None
        if row.fingerprint != fingerprint:
            raise KeyReusedError(
                "This Idempotency-Key was used for another request",
                expected="a new key for each request, the same one only to repeat it",
                got=repr(key),
            )
        if row.status is None:
            raise StateError(
                "The first request with this Idempotency-Key is still at work",
                remedy="Wait a moment and repeat it.",
            )
        headers = tuple((name, value) for name, value in load(row.headers, what="An answer"))
        return StoredAnswer(row.status, headers, row.body)

    def finish(self, *, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer to the request that took the key."""
        headers: Sequence[Sequence[str]] = [list(pair) for pair in answer.headers]
        values: Mapping[str, object] = {
            "status": answer.status,
            "headers": dump(headers, what="The headers"),
            "body": answer.body,
        }
        with self._database.write() as connection:
            connection.execute(update(idempotency).where(_is(owner, key)).values(values))

    def abandon(self, *, owner: str, key: str) -> None:
        """Free a key whose request came to nothing: it may be repeated."""
        with self._database.write() as connection:
            unanswered = and_(_is(owner, key), idempotency.c.status.is_(None))
            connection.execute(delete(idempotency).where(unanswered))

    def abandon_all(self) -> int:
        """Free the keys of all requests at work: for a server that has just started."""
        with self._database.write() as connection:
            unanswered = idempotency.c.status.is_(None)
            return connection.execute(delete(idempotency).where(unanswered)).rowcount

    def prune(self, before: float) -> int:
        """Remove the answers from before a time (seconds since 1970); return how many."""
        old = and_(idempotency.c.created < before, idempotency.c.status.is_not(None))
        with self._database.write() as connection:
            return connection.execute(delete(idempotency).where(old)).rowcount


def _is(owner: str, key: str) -> ColumnElement[bool]:
    return and_(idempotency.c.owner == owner, idempotency.c.key == key)


def _insert(connection: Connection, *, owner: str, key: str, fingerprint: str, now: float) -> None:
    values = {"owner": owner, "key": key, "fingerprint": fingerprint, "created": now}
    connection.execute(insert(idempotency).values(values))
