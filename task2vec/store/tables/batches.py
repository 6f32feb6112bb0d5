"""Batches: many embeddings under one id, each item with its job or with how it ended."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from task2vec.messages.batches import ItemStatus, StoredBatch
from task2vec.messages.tasks import StoredTask
from task2vec.store.jobs.record import JobFailure
from task2vec.store.jobs.rows import UNDER_WAY
from task2vec.store.jobs.state_machine import at
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import new_id, unknown
from task2vec.store.sql.schema_service import batch_items, batches, jobs
from task2vec.store.sql.text import dump, load, record_of
from task2vec.store.tasks.task_rows import read_records


@dataclass(frozen=True)
class BatchItem:
    """What became of one source of a batch; ``task`` is its record, while there is one."""

    position: int
    name: str
    status: ItemStatus = ItemStatus.PENDING
    job: str | None = None
    task: StoredTask | str | None = None
    error: JobFailure | None = None


class Batches:
    """The batches of a store.

    Every method is one transaction, except that those that end in ``_within`` are part of the
    write transaction of their ``connection``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_within(
        self, connection: Connection, *, options: Mapping[str, Any], owner: str | None, now: float
    ) -> str:
        """Begin a batch without items and return its id."""
        id_ = new_id("bat")
        text = dump(dict(options), what=f"Batch {id_}")
        connection.execute(
            insert(batches).values(id=id_, options=text, owner=owner, created=at(now))
        )
        return id_

    def append_within(self, connection: Connection, batch: str, items: Iterable[BatchItem]) -> None:
        """Add items after those that are there; their ``position`` counts from these."""
        query = select(func.max(batch_items.c.position)).where(batch_items.c.batch == batch)
        last = connection.scalar(query)
        first = 0 if last is None else last + 1
        rows = [_to_row(batch, first, item) for item in items]
        if rows:
            connection.execute(insert(batch_items), rows)

    def get(self, id_: str) -> StoredBatch:
        """Return one batch.

        Raises:
            UnknownNameError: when there is none.
        """
        with self._database.read() as connection:
            row = connection.execute(select(batches).where(batches.c.id == id_)).one_or_none()
            if row is None:
                raise unknown("batch", asked=id_, names=())
            return _records(connection, [row])[0]

    def page(
        self, *, limit: int = 100, before: int | None = None
    ) -> tuple[tuple[StoredBatch, ...], int | None]:
        """Return up to ``limit`` batches, newest first, and where to read on, or None."""
        query = select(batches).order_by(batches.c.number.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(batches.c.number < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            found = _records(connection, rows[:limit])
        return tuple(found), rows[limit - 1].number if len(rows) > limit else None

    def items(
        self, batch: str, *, limit: int = 1000, after: int | None = None
    ) -> tuple[tuple[BatchItem, ...], int | None]:
        """Return up to ``limit`` items after a position, in their order, and where to read on.

        Raises:
            UnknownNameError: when there is no such batch.
        """
        query = (
            select(batch_items)
            .where(
                batch_items.c.batch == batch,
                batch_items.c.position > (-1 if after is None else after),
            )
            .order_by(batch_items.c.position)
            .limit(limit + 1)
        )
        with self._database.read() as connection:
            if connection.scalar(select(batches.c.id).where(batches.c.id == batch)) is None:
                raise unknown("batch", asked=batch, names=())
            rows = connection.execute(query).all()
            page = rows[:limit]
            tasks = read_records(connection, [row.task for row in page if row.task is not None])
        found = tuple(_from_row(row, tasks) for row in page)
        return found, page[-1].position if len(rows) > limit else None

    def work_by_name(self, batch: str) -> dict[str, str | None]:
        """Return what work makes the task of each name, for the items whose job is under way."""
        query = (
            select(batch_items.c.name, jobs.c.same_as)
            .join(jobs, batch_items.c.job == jobs.c.id)
            .where(batch_items.c.batch == batch, jobs.c.state.in_(UNDER_WAY))
        )
        with self._database.read() as connection:
            return {row.name: row.same_as for row in connection.execute(query)}

    def give_up_within(self, connection: Connection, batch: str) -> list[str]:
        """Give up the items whose work somebody else wants too; return the jobs of the others."""
        pending = (batch_items.c.batch == batch) & batch_items.c.status.is_(None)
        query = (
            select(jobs.c.id, jobs.c.batch)
            .join(batch_items, batch_items.c.job == jobs.c.id)
            .where(pending)
            .order_by(batch_items.c.position)
        )
        rows = connection.execute(query).all()
        shared = {row.id for row in rows if row.batch != batch}
        for id_ in shared:
            connection.execute(
                update(batch_items)
                .where(pending, batch_items.c.job == id_)
                .values(status=ItemStatus.CANCELLED.value, job=None)
            )
        return list(dict.fromkeys(row.id for row in rows if row.id not in shared))


def _records(connection: Connection, rows: Iterable[Row[Any]]) -> list[StoredBatch]:
    found = list(rows)
    for row in found:
        checked(row, batches, what=f"Batch {row.id}")
    ids = [row.id for row in found]
    query = (
        select(batch_items.c.batch, batch_items.c.status, func.count())
        .where(batch_items.c.batch.in_(ids))
        .group_by(batch_items.c.batch, batch_items.c.status)
    )
    counts: dict[str, dict[ItemStatus, int]] = {id_: {} for id_ in ids}
    for batch, status, count in connection.execute(query):
        counts[batch][ItemStatus(status or ItemStatus.PENDING)] = count
    return [
        record_of(
            StoredBatch,
            {
                **row._mapping,
                "options": load(row.options, what=f"Batch {row.id}"),
                "counts": counts[row.id],
                "total": sum(counts[row.id].values()),
            },
            what=f"Batch {row.id}",
        )
        for row in found
    ]


def _to_row(batch: str, first: int, item: BatchItem) -> dict[str, Any]:
    error = None if item.error is None else dataclasses.asdict(item.error)
    return {
        "batch": batch,
        "position": first + item.position,
        "name": item.name,
        "status": None if item.status is ItemStatus.PENDING else item.status.value,
        "job": item.job,
        "task": item.task.id if isinstance(item.task, StoredTask) else item.task,
        "error": None if error is None else dump(error, what="The error of an item"),
    }


def _from_row(row: Row[Any], tasks: Mapping[str, StoredTask]) -> BatchItem:
    what = f"Item {row.position} of batch {row.batch}"
    columns = checked(row, batch_items, what=what)
    columns["status"] = row.status or ItemStatus.PENDING
    columns["error"] = None if row.error is None else load(row.error, what=what)
    columns["task"] = tasks.get(row.task)
    return record_of(BatchItem, columns, what=what)
