"""What fine-tuning a model on a task gave."""

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    insert,
    or_,
    select,
)

from task2vec.errors import NameTakenError, StateError, UnknownNameError
from task2vec.messages.outcomes import (
    OutcomeFilter,
    StoredOutcome,
    check_accuracy,
    check_interval,
    check_protocol,
)
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.database import Database, rows_with_any
from task2vec.store.sql.identity import as_stored, new_id, now
from task2vec.store.sql.text import dump, load, record_of
from task2vec.store.tables.models import find_model
from task2vec.store.tasks.task_rows import find_task

# As many as a page of a list has.
_MOST_COMPARED = 1000
_EVERY = OutcomeFilter()
#: An outcome with the names of its model and its task.
Named = tuple[StoredOutcome, str, str]


class Outcomes:
    """The outcomes of a store, in the order in which they came. They never change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, outcome: StoredOutcome) -> StoredOutcome:
        """Add one outcome; see `add_many`."""
        return self.add_many([outcome])[0]

    def add_many(self, outcomes: Iterable[StoredOutcome]) -> list[StoredOutcome]:
        """Add all or none; return them as stored, once they are on disk.

        An empty ``id`` or ``created`` is filled in, with one time for all; ``model`` and ``task``
        may be names and are stored as ids. One cell may have several outcomes: repeats tell the
        noise.

        Raises:
            SettingError: for an accuracy or interval outside [0, 1], or no protocol.
            UnknownNameError: when there is no such model or task.
            NameTakenError: when an id belongs to another outcome.
        """
        given = list(outcomes)
        _check(given)
        with self._database.write() as connection:
            return _insert(connection, given)

    def add_within(
        self, connection: Connection, outcomes: Sequence[StoredOutcome]
    ) -> list[StoredOutcome]:
        """Add several, as `add_many` does, as part of the write transaction of ``connection``."""
        _check(outcomes)
        return _insert(connection, outcomes)

    def remove_within(self, connection: Connection, outcomes: Sequence[StoredOutcome]) -> None:
        """Remove what `named_within` found in the same write transaction, of ``connection``.

        Raises:
            StateError: for an outcome that came with a bundle.
        """
        for outcome in outcomes:
            if outcome.bundle is not None:
                raise StateError(
                    f"The outcome {outcome.id} came with the bundle {outcome.bundle}, and goes "
                    "only with it",
                    remedy="Remove the bundle with all that it brought: "
                    f"`task2vec bundle remove {outcome.bundle}`.",
                )
        own = schema.outcomes.c.id == bindparam("of")
        if outcomes:
            connection.execute(delete(schema.outcomes).where(own), [{"of": o.id} for o in outcomes])

    def named(self, ids: Iterable[str]) -> list[Named]:
        """Return the outcomes of these ids with their model's and task's names, in their order.

        Raises:
            UnknownNameError: names the first id that no outcome has.
        """
        with self._database.read() as connection:
            return self.named_within(connection, ids)

    def named_within(self, connection: Connection, ids: Iterable[str]) -> list[Named]:
        """Return what `named` does, as part of the transaction of ``connection``."""
        wanted = list(dict.fromkeys(ids))
        rows = rows_with_any(connection, _with_names(), schema.outcomes.c.id, wanted)
        found = {row.id: _named(row) for row in rows}
        lacking = [id_ for id_ in wanted if id_ not in found]
        if lacking:
            raise UnknownNameError.of_outcomes(lacking)
        return [found[id_] for id_ in wanted]

    def alike(self, outcomes: Sequence[StoredOutcome]) -> list[StoredOutcome]:
        """Return all that may be the same measurement as one of these, in their order.

        They agree with these in all that was measured, though perhaps with none in all of it: one
        query finds them for ten thousand.
        """
        with self._database.read() as connection:
            return self.alike_within(connection, outcomes)

    def alike_within(
        self, connection: Connection, outcomes: Sequence[StoredOutcome]
    ) -> list[StoredOutcome]:
        """Return what `alike` does, as part of the transaction of ``connection``."""
        if not outcomes:
            return []
        columns = schema.outcomes.c
        query = select(schema.outcomes).order_by(columns.number)
        measured = (columns.accuracy, columns.protocol, columns.images, columns.seed)
        for column in (columns.task, columns.model, *measured):
            wanted = {getattr(outcome, column.name) for outcome in outcomes}
            # Without the condition more rows are found; with many values it would spare little.
            if len(wanted) <= _MOST_COMPARED:
                query = query.where(_one_of(column, wanted))
        return [from_row(row) for row in connection.execute(query)]

    def page(
        self, question: OutcomeFilter = _EVERY, *, limit: int | None = None, after: int = 0
    ) -> tuple[builtins.list[Named], int | None]:
        """Return up to ``limit`` outcomes with their model's and task's names, and where to go on.

        ``after`` is the place that the page before returned; None comes at the end. Without a limit
        all come.

        Raises:
            UnknownNameError: when there is no such model or task.
            SettingError: when ``created`` is no moment.
        """
        number = schema.outcomes.c.number
        query = _with_names().where(number > after).order_by(number)
        if limit is not None:
            query = query.limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(_only(query, connection, question)).all()
        page = [_named(row) for row in rows[:limit]]
        return page, rows[len(page) - 1].number if len(rows) > len(page) else None

    def list(self, question: OutcomeFilter = _EVERY) -> list[StoredOutcome]:
        """Return all outcomes that agree with the filter; raises as `page` does."""
        query = select(schema.outcomes).order_by(schema.outcomes.c.number)
        with self._database.read() as connection:
            rows = connection.execute(_only(query, connection, question))
            return [from_row(row) for row in rows]


def from_row(row: Row[Any]) -> StoredOutcome:
    """Return the outcome that `_to_row` took apart.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    what = f"The record of outcome {row.id}"
    columns = checked(row, schema.outcomes, what=what)
    if row.interval_low is not None and row.interval_high is not None:
        columns["interval"] = (row.interval_low, row.interval_high)
    columns["details"] = load(row.details, what=f"The details of outcome {row.id}")
    return record_of(StoredOutcome, columns, what=what)


def _to_row(outcome: StoredOutcome) -> dict[str, Any]:
    columns = outcome.model_dump(exclude={"interval", "repeats"})
    columns["interval_low"], columns["interval_high"] = outcome.interval or (None, None)
    columns["created"] = as_stored(outcome.created)
    columns["details"] = dump(outcome.details, what="The details of an outcome")
    return columns


def _named(row: Row[Any]) -> Named:
    return from_row(row), row.model_name, row.task_name


def _with_names() -> Select[Any]:
    """Return the query for all outcomes, with a ``model_name`` and a ``task_name`` each."""
    columns, models, tasks = schema.outcomes.c, schema.models, schema.tasks
    return (
        select(schema.outcomes, models.c.name.label("model_name"), tasks.c.name.label("task_name"))
        .join(models, models.c.id == columns.model)
        .join(tasks, tasks.c.id == columns.task)
    )


def _only(query: Select[Any], connection: Connection, question: OutcomeFilter) -> Select[Any]:
    columns = schema.outcomes.c
    if question.model is not None:
        query = query.where(columns.model == find_model(connection, question.model).id)
    if question.task is not None:
        query = query.where(columns.task == find_task(connection, question.task).id)
    if question.protocol is not None:
        query = query.where(columns.protocol == question.protocol)
    if question.created is not None:
        query = query.where(columns.created == as_stored(question.created))
    return query


def _one_of(column: Column[Any], wanted: set[Any]) -> ColumnElement[bool]:
    found = column.in_(sorted(wanted - {None}))
    return or_(found, column.is_(None)) if None in wanted else found


def _check(outcomes: Iterable[StoredOutcome]) -> None:
    for outcome in outcomes:
        check_accuracy(outcome.accuracy)
        check_interval(outcome.interval)
        check_protocol(outcome.protocol)


def _insert(connection: Connection, outcomes: Sequence[StoredOutcome]) -> list[StoredOutcome]:
    # Each name is looked up once, and all rows go in at once: ten thousand take a second.
    models = {
        name: find_model(connection, name).id for name in dict.fromkeys(o.model for o in outcomes)
    }
    tasks = {
        name: find_task(connection, name).id for name in dict.fromkeys(o.task for o in outcomes)
    }
    moment = now()
    stored = [
        StoredOutcome.model_validate(
            {
                **dict(outcome),
                "id": outcome.id or new_id("out"),
                "created": outcome.created or moment,
                # Of -0.0 nobody would know whether it repeats 0.0.
                "accuracy": abs(outcome.accuracy),
                "model": models[outcome.model],
                "task": tasks[outcome.task],
            }
        )
        for outcome in outcomes
    ]
    _check_new(connection, [outcome.id for outcome in outcomes if outcome.id])
    if stored:
        connection.execute(insert(schema.outcomes), [_to_row(outcome) for outcome in stored])
    return stored


def _check_new(connection: Connection, ids: Sequence[str]) -> None:
    known = schema.outcomes.c.id
    seen = set[str]()
    for id_ in ids:
        if id_ in seen or connection.scalar(select(known).where(known == id_)) is not None:
            raise NameTakenError(
                f"There is an outcome {id_} already",
                remedy="Leave the id of a new outcome empty.",
            )
        seen.add(id_)
