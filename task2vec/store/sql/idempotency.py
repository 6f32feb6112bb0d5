"""Answers that were given, kept for requests that are sent again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, true, update

from task2vec.errors import KeyReusedError, StateError, StillAtWorkError
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.requests import ANSWERED, BEGUN, INTERRUPTED, WRITTEN, is_request
from task2vec.store.sql.schema_service import idempotency
from task2vec.store.sql.text import dump, load

_UPLOAD = ":"


@dataclass(frozen=True)
class StoredAnswer:
    """The answer to a request: ``headers`` in their order, ``upload`` the digest of its upload."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    upload: str | None = None


class Idempotency:
    """The idempotency keys of a store. Every method is one transaction.

    ``owner`` tells the keys of different callers apart, ``fingerprint`` different requests. The
    digest of an upload is known only at its end: then it is kept behind the fingerprint.
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
            StillAtWorkError: while the first request is at work.
            StateError: when it broke off.
        """
        with self._database.write() as connection:
            row = connection.execute(select(idempotency).where(is_request(owner, key))).first()
            if row is not None and row.created < now - keep:
                connection.execute(delete(idempotency).where(is_request(owner, key)))
                row = None
            if row is None:
                _insert(connection, owner=owner, key=key, fingerprint=fingerprint, now=now)
                return None
        checked(row, idempotency, what=f"The answer that was kept for the key '{key}'")
        outline, _, upload = row.fingerprint.partition(_UPLOAD)
        if outline != fingerprint:
            raise reused(key)
        if row.progress == INTERRUPTED:
            raise StateError(
                "The first request with this Idempotency-Key broke off in the middle",
                remedy="What it asked for may have been done: look for it, and ask for it with a"
                " new key if it was not.",
            )
        if row.progress != ANSWERED:
            raise StillAtWorkError(
                "The first request with this Idempotency-Key is still at work",
                remedy="Wait a moment and repeat it.",
            )
        headers = tuple((name, value) for name, value in load(row.headers, what="An answer"))
        return StoredAnswer(row.status, headers, row.body, upload or None)

    def finish(self, *, owner: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer to the request that took the key."""
        headers: Sequence[Sequence[str]] = [list(pair) for pair in answer.headers]
        values: dict[str, object] = {
            "progress": ANSWERED,
            "status": answer.status,
            "headers": dump(headers, what="The headers"),
            "body": answer.body,
        }
        if answer.upload is not None:
            values["fingerprint"] = idempotency.c.fingerprint + (_UPLOAD + answer.upload)
        with self._database.write() as connection:
            connection.execute(update(idempotency).where(is_request(owner, key)).values(values))

    def abandon(self, *, owner: str, key: str) -> None:
        """Free a key whose request was refused: it may be repeated."""
        with self._database.write() as connection:
            unanswered = and_(is_request(owner, key), idempotency.c.progress.in_([BEGUN, WRITTEN]))
            connection.execute(delete(idempotency).where(unanswered))

    def interrupt(self, *, owner: str, key: str) -> None:
        """End a request that broke off: it may be repeated only if it left no trace."""
        with self._database.write() as connection:
            _interrupt(connection, is_request(owner, key))

    def interrupt_all(self) -> None:
        """End all requests at work, as `interrupt` does: for a server that has just started."""
        with self._database.write() as connection:
            _interrupt(connection, true())

    def prune(self, before: float) -> int:
        """Remove the answers from before a time (seconds since 1970); return how many."""
        old = and_(
            idempotency.c.created < before, idempotency.c.progress.in_([INTERRUPTED, ANSWERED])
        )
        with self._database.write() as connection:
            return connection.execute(delete(idempotency).where(old)).rowcount


def reused(key: str) -> KeyReusedError:
    """Return the error for a key that came with another request before."""
    return KeyReusedError(
        "This Idempotency-Key was used for another request",
        expected="a new key for each request, the same one only to repeat it",
        got=repr(key),
    )


def _interrupt(connection: Connection, which: ColumnElement[bool]) -> None:
    begun, written = (and_(which, idempotency.c.progress == p) for p in (BEGUN, WRITTEN))
    connection.execute(delete(idempotency).where(begun))
    connection.execute(update(idempotency).where(written).values(progress=INTERRUPTED))


def _insert(connection: Connection, *, owner: str, key: str, fingerprint: str, now: float) -> None:
    values = {"owner": owner, "key": key, "fingerprint": fingerprint, "progress": BEGUN}
    connection.execute(insert(idempotency).values(**values, created=now))
