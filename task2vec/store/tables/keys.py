"""The keys of a store, without their secrets."""

import dataclasses
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from task2vec.errors import NameTakenError, StateError
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import check_name, now, unknown
from task2vec.store.sql.schema_service import keys
from task2vec.types import KeyRecord, Scope


class Keys:
    """The keys of a store. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: KeyRecord) -> KeyRecord:
        """Add a key; return it as stored, once it is on disk.

        Raises:
            NameTakenError: when another key, revoked or not, has this name.
            SettingError: for an unusable name.
        """
        check_name(record.name)
        stored = dataclasses.replace(record, created=record.created or now())
        row = dataclasses.asdict(stored)
        row["scopes"] = " ".join(sorted(scope.value for scope in stored.scopes))
        with self._database.write() as connection:
            taken = select(keys.c.id).where(keys.c.name == stored.name)
            if connection.execute(taken).first() is not None:
                raise NameTakenError(
                    f"There is a key named '{stored.name}' already",
                    remedy="Names stay taken after a key is revoked, so that the audit log says "
                    "who it was: choose another.",
                )
            connection.execute(insert(keys).values(row))
        return stored

    def all(self) -> list[KeyRecord]:
        """Return every key, revoked and expired ones too, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(keys).order_by(keys.c.created, keys.c.id))
            return [_record(row) for row in rows]

    def revoke(self, name_or_id: str) -> KeyRecord:
        """Revoke a key for ever; return it as stored, once that is on disk.

        Raises:
            UnknownNameError: suggests names that are close.
            StateError: when it was revoked before.
        """
        with self._database.write() as connection:
            asked = or_(keys.c.id == name_or_id, keys.c.name == name_or_id)
            row = connection.execute(select(keys).where(asked)).first()
            if row is None:
                names = connection.scalars(select(keys.c.name))
                raise unknown("key", asked=name_or_id, names=names)
            record = _record(row)
            if record.revoked is not None:
                raise StateError(f"The key '{record.name}' was revoked at {record.revoked}")
            revoked = dataclasses.replace(record, revoked=now())
            change = update(keys).where(keys.c.id == record.id)
            connection.execute(change.values(revoked=revoked.revoked))
        return revoked


def _record(row: Row[Any]) -> KeyRecord:
    columns = checked(row, keys, what=f"The record of key '{row.name}'")
    scopes = frozenset(Scope(scope) for scope in row.scopes.split())
    return KeyRecord(**{**columns, "scopes": scopes})
