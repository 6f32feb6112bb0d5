"""The data sets that were uploaded, without their bytes."""

from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update

from task2vec.errors import StateError
from task2vec.messages.datasets import StoredDataset
from task2vec.store.jobs.rows import UNDER_WAY
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import check_name, new_id, time_text, unknown
from task2vec.store.sql.schema_service import datasets, jobs
from task2vec.store.sql.text import dump, load, record_of


class Datasets:
    """The data sets of a store. Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: StoredDataset) -> StoredDataset:
        """Add a record whose file is in place; return it as stored, once it is on disk.

        An empty ``id`` is filled in. Where the same bytes have come under the same
        name in the meantime, theirs is returned, which lives until the later of both times.

        Raises:
            SettingError: for an unusable name.
        """
        check_name(record.name)
        stored = record.model_copy(update={"id": record.id or new_id("dst")})
        row = {
            **stored.model_dump(),
            "warnings": dump(stored.warnings, what="The warnings"),
            "created": time_text(stored.created),
            "expires": stored.expires.timestamp(),
        }
        with self._database.write() as connection:
            twin = _same(connection, sha256=stored.sha256, name=stored.name)
            if twin is not None:
                return _prolonged(connection, twin, expires=stored.expires.timestamp())
            connection.execute(insert(datasets).values(row))
        return stored

    def get(self, id_: str) -> StoredDataset:
        """Return one record.

        Raises:
            UnknownNameError: suggests ids that are close, or that belong to this name.
        """
        with self._database.read() as connection:
            return _record(find_dataset(connection, id_))

    def find(self, *, sha256: str, name: str) -> StoredDataset | None:
        """Return the record of these bytes under this name, if there is one."""
        with self._database.read() as connection:
            return _same(connection, sha256=sha256, name=name)

    def prolong(self, id_: str, *, expires: float) -> StoredDataset:
        """Let a data set live until ``expires`` at least; return it as stored.

        Raises:
            UnknownNameError: when it has been removed.
        """
        with self._database.write() as connection:
            return _prolonged(connection, _record(find_dataset(connection, id_)), expires=expires)

    def release(self, id_: str, *, now: float) -> None:
        """Let a data set expire as soon as no job needs it; nothing happens where it is gone."""
        sooner = and_(datasets.c.id == id_, datasets.c.expires > now)
        with self._database.write() as connection:
            connection.execute(update(datasets).where(sooner).values(expires=now))

    def remove(self, id_: str) -> StoredDataset:
        """Remove a record and return it; its jobs have ended and forget which data set they read.

        Raises:
            UnknownNameError: when there is none.
            StateError: while a job needs it.
        """
        with self._database.write() as connection:
            record = _record(find_dataset(connection, id_))
            needing = connection.scalars(_needing(record.id).limit(1)).first()
            if needing is not None:
                raise StateError(
                    f"Data set {record.id} is needed",
                    expected="no job that has yet to read it",
                    got=f"job {needing}",
                    remedy="Wait until that job has ended, or cancel it first.",
                )
            _drop(connection, record.id)
        return record

    def expire(self, now: float) -> list[StoredDataset]:
        """Remove the records whose time is over and that no job needs; return them."""
        removed = []
        with self._database.write() as connection:
            over = select(datasets).where(datasets.c.expires <= now)
            for row in connection.execute(over).all():
                if connection.scalars(_needing(row.id).limit(1)).first() is None:
                    _drop(connection, row.id)
                    removed.append(_record(row))
        return removed

    def page(
        self,
        *,
        limit: int,
        before: tuple[str, str] | None = None,
        sha256: str | None = None,
    ) -> list[StoredDataset]:
        """Return up to ``limit`` records, newest first.

        Args:
            limit: how many at most.
            before: the ``created`` and ``id`` of the last record seen: only older ones come.
            sha256: only records of these bytes.
        """
        query = select(datasets).order_by(datasets.c.created.desc(), datasets.c.id.desc())
        if before is not None:
            created, id_ = before
            earlier = and_(datasets.c.created == created, datasets.c.id < id_)
            query = query.where(or_(datasets.c.created < created, earlier))
        if sha256 is not None:
            query = query.where(datasets.c.sha256 == sha256)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query.limit(limit))]

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of the files that belong to records, which are relative to the store.

        In hexadecimal, by file.

        Raises:
            StoreCorruptError: where a row is not the one that was written.
        """
        with self._database.read() as connection:
            records = [_record(row) for row in connection.execute(select(datasets))]
        return {record.file: record.sha256 for record in records}


def find_dataset(connection: Connection, id_: str) -> Row[Any]:
    """Return the row of a data set.

    Raises:
        UnknownNameError: suggests ids that are close, or that belong to this name.
    """
    row = connection.execute(select(datasets).where(datasets.c.id == id_)).one_or_none()
    if row is not None:
        return row
    named = select(datasets.c.id).where(datasets.c.name == id_).order_by(datasets.c.created.desc())
    ids = connection.scalars(named.limit(1)).all()
    error = unknown("data set", asked=id_, names=connection.scalars(select(datasets.c.id)))
    if ids:
        error.remedy = f"Data sets are named by id: did you mean '{ids[0]}'?"
    raise error


def _same(connection: Connection, *, sha256: str, name: str) -> StoredDataset | None:
    same = and_(datasets.c.sha256 == sha256, datasets.c.name == name)
    row = connection.execute(select(datasets).where(same)).first()
    return None if row is None else _record(row)


def _prolonged(connection: Connection, record: StoredDataset, *, expires: float) -> StoredDataset:
    kept = max(record.expires.timestamp(), expires)
    connection.execute(update(datasets).where(datasets.c.id == record.id).values(expires=kept))
    return StoredDataset.model_validate({**dict(record), "expires": kept})


def _needing(id_: str) -> Any:
    """Select the jobs under way that read a data set: some read two, and name them as asked."""
    reads = or_(jobs.c.dataset == id_, jobs.c.payload.contains(f'"{id_}"', autoescape=True))
    return select(jobs.c.id).where(jobs.c.state.in_(UNDER_WAY), reads)


def _drop(connection: Connection, id_: str) -> None:
    connection.execute(update(jobs).where(jobs.c.dataset == id_).values(dataset=None))
    connection.execute(delete(datasets).where(datasets.c.id == id_))


def _record(row: Row[Any]) -> StoredDataset:
    what = f"The record of data set '{row.name}'"
    columns = checked(row, datasets, what=what)
    columns["warnings"] = load(row.warnings, what=what)
    return record_of(StoredDataset, columns, what=what)
