"""Keys: making, listing and revoking them, and telling whose a secret is."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from task2vec.errors import NotAuthenticatedError
from task2vec.service.workspace import Workspace
from task2vec.store.tables.audit import AuditEntry
from task2vec.types import KeyRecord, Scope

# 48 bits tell keys apart; the secret's 256 cannot be guessed, so that a plain SHA-256 keeps them.
_KEY = re.compile(r"t2v_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
KEY_IN_TEXT = re.compile(r"t2v_[0-9a-z]+_[A-Za-z0-9_-]{8,}")
"""Finds keys, also cut ones, wherever they stand in a text."""
_DAY = 86_400.0


def without_keys(text: str) -> str:
    """Return a text in which nobody can read a key."""
    return KEY_IN_TEXT.sub("[redacted]", text)


@dataclass(frozen=True)
class NewKey:
    """A key that was just made: the only time that ``secret`` is known."""

    record: KeyRecord
    secret: str


def draw(
    name: str,
    scopes: Iterable[Scope],
    *,
    requests_per_minute: int | None = None,
    concurrent_requests: int | None = None,
    expires: float | None = None,
) -> NewKey:
    """Draw a key at random; nothing is stored. ``expires`` is in seconds since 1970."""
    id_ = secrets.token_hex(6)
    secret = f"t2v_{id_}_{secrets.token_urlsafe(32)}"
    record = KeyRecord(
        id=f"key_{id_}",
        name=name,
        sha256=_digest(secret),
        scopes=frozenset(scopes),
        requests_per_minute=requests_per_minute,
        concurrent_requests=concurrent_requests,
        expires=expires,
    )
    return NewKey(record, secret)


def create(
    workspace: Workspace,
    name: str,
    scopes: Iterable[Scope],
    *,
    requests_per_minute: int | None = None,
    concurrent_requests: int | None = None,
    days: float | None = None,
) -> NewKey:
    """Make a key and store its hash, with an entry in the audit log.

    Raises:
        NameTakenError: when another key has this name.
        SettingError: for an unusable name or limit, or no scope.
    """
    new = draw(
        name,
        scopes,
        requests_per_minute=requests_per_minute,
        concurrent_requests=concurrent_requests,
        expires=None if days is None else time.time() + days * _DAY,
    )
    store = workspace.store(create=True)
    stored = store.keys.add(new.record)
    store.audit.append([AuditEntry("keys create", subject=f"{stored.id} {stored.name}")])
    return NewKey(stored, new.secret)


def list_all(workspace: Workspace) -> list[KeyRecord]:
    """Return every key of the store, none where there is no store yet."""
    store = workspace.existing_store()
    return [] if store is None else store.keys.all()


def revoke(workspace: Workspace, name_or_id: str) -> KeyRecord:
    """Revoke a key for ever, with an entry in the audit log.

    Raises:
        UnknownNameError: suggests names that are close.
        StateError: when it was revoked before.
    """
    store = workspace.store()
    revoked = store.keys.revoke(name_or_id)
    store.audit.append([AuditEntry("keys revoke", subject=f"{revoked.id} {revoked.name}")])
    return revoked


class KeyRing:
    """The keys in memory, so that no request waits for the database."""

    def __init__(self, records: Iterable[KeyRecord] = (), *, own: Iterable[KeyRecord] = ()) -> None:
        self._own = {record.id: record for record in own}
        self._records: dict[str, KeyRecord] = {}
        self.replace(records)

    def replace(self, records: Iterable[KeyRecord]) -> bool:
        """Take the keys as the store has them, and return whether that changed any.

        ``own`` ones, of the server itself, stay.
        """
        before = self._records
        self._records = {record.id: record for record in records} | self._own
        return self._records != before

    @property
    def closed(self) -> bool:
        """Whether the store has a key that was not revoked: nobody comes in without one."""
        own = self._own
        return any(r.revoked is None for r in self._records.values() if r.id not in own)

    def any_active(self, now: float) -> bool:
        """Whether some key of the store opens anything at ``now``."""
        return any(r.active(now) for r in self._records.values() if r.id not in self._own)

    def active(self, id_: str, *, now: float) -> bool:
        """Whether there is a key with this id that opens anything at ``now``."""
        record = self._records.get(id_)
        return record is not None and record.active(now)

    def identify(self, secret: str, *, now: float) -> KeyRecord:
        """Return the key that a secret belongs to.

        Raises:
            NotAuthenticatedError: for no key, an unknown, an expired or a revoked one; it does
                not say which to somebody without the right secret.
        """
        match = _KEY.fullmatch(secret)
        record = self._records.get(f"key_{match[1]}") if match else None
        # Compared even where there is nothing to compare with: the time tells nothing.
        expected = record.sha256 if record else "0" * 64
        if not hmac.compare_digest(_digest(secret), expected) or record is None:
            raise NotAuthenticatedError("This key is not valid", remedy=_REMEDY)
        if record.revoked is not None:
            raise NotAuthenticatedError("This key was revoked", remedy=_REMEDY)
        if not record.active(now):
            raise NotAuthenticatedError("This key has expired", remedy=_REMEDY)
        return record


_REMEDY = "Ask the operator of the server for one: `task2vec keys create NAME --scope read`."


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
