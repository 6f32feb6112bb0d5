"""The audit log: who did what, and who was turned away."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Row, delete, insert, select

from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import now
from task2vec.store.sql.schema_service import audit
from task2vec.store.sql.text import record_of


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done or refused.

    ``action`` is a method and a route, or a verb of the command line; ``subject`` what it was
    about; ``status`` the HTTP status, None outside of HTTP.
    """

    action: str
    subject: str | None = None
    key: str | None = None
    address: str | None = None
    request_id: str | None = None
    status: int | None = None
    at: str = field(default_factory=now)


class Audit:
    """The audit log of a store. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Append entries, in their order."""
        if entries:
            with self._database.write() as connection:
                connection.execute(insert(audit), [asdict(entry) for entry in entries])

    def latest(self, limit: int) -> list[AuditEntry]:
        """Return the last entries, newest first."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [_entry(row) for row in rows]

    def prune(self, before: str) -> int:
        """Remove the entries from before a time (ISO 8601); return how many."""
        with self._database.write() as connection:
            return connection.execute(delete(audit).where(audit.c.at < before)).rowcount


def _entry(row: Row[Any]) -> AuditEntry:
    what = f"Entry {row.number} of the audit log"
    return record_of(AuditEntry, checked(row, audit, what=what), what=what)
