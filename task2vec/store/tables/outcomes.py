"""What fine-tuning a model on a task gave."""

import builtins
import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, delete, insert, or_, select

from task2vec.errors import NameTakenError, UnknownNameError
from task2vec.store.sql import schema
from task2vec.store.sql.database import Database
from task2vec.store.sql.identity import new_id, now
from task2vec.store.tables.models import find_model
from task2vec.store.tables.outcome_rows import check_outcome, from_row, only, to_row, with_names
from task2vec.store.tasks.task_rows import find_task
from task2vec.types import Outcome

# Well below the number of variables that one statement may have.
_AT_ONCE = 500
# As many as a page of a list has.
_MOST_COMPARED = 1000
#: An outcome with the names of its model and its task.
Named = tuple[Outcome, str, str]


class Outcomes:
    """The outcomes of a store, in the order in which they came. They never change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, outcome: Outcome) -> Outcome:
        """Add one outcome; see `add_many`."""
        return self.add_many([outcome])[0]

    def add_many(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
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
        for outcome in given:
            check_outcome(outcome)
        with self._database.write() as connection:
            return _insert(connection, given)

    def add_within(self, connection: Connection, outcome: Outcome) -> Outcome:
        """Add one, as `add_many` does, as part of the write transaction of ``connection``."""
        (stored,) = self.add_many_within(connection, [outcome])
        return stored

    def add_many_within(
        self, connection: Connection, outcomes: Sequence[Outcome]
    ) -> builtins.list[Outcome]:
        """Add several, as `add_many` does, as part of the write transaction of ``connection``."""
        for outcome in outcomes:
            check_outcome(outcome)
        return _insert(connection, outcomes)

    def remove_many(self, ids: Iterable[str]) -> builtins.list[Outcome]:
        """Remove all outcomes of these ids or none; return them in the order of the ids.

        Raises:
            UnknownNameError: names the first id that no outcome has.
        """
        wanted = list(ids)
        with self._database.write() as connection:
            found = self.named_within(connection, wanted)
            self.remove_within(connection, [outcome for outcome, _, _ in found])
        return [outcome for outcome, _, _ in found]

    def remove_within(self, connection: Connection, outcomes: Sequence[Outcome]) -> None:
        """Remove what `named_within` found in the same write transaction, of ``connection``."""
        known = schema.outcomes.c.id
        for ids in _lots([outcome.id for outcome in outcomes]):
            connection.execute(delete(schema.outcomes).where(known.in_(ids)))

    def named(self, ids: Iterable[str]) -> builtins.list[Named]:
        """Return the outcomes of these ids with their model's and task's names, in their order.

        Raises:
            UnknownNameError: names the first id that no outcome has.
        """
        with self._database.read() as connection:
            return self.named_within(connection, ids)

    def named_within(self, connection: Connection, ids: Iterable[str]) -> builtins.list[Named]:
        """Return what `named` does, as part of the transaction of ``connection``."""
        wanted = list(dict.fromkeys(ids))
        found = {
            row.id: (from_row(row), row.model_name, row.task_name)
            for lot in _lots(wanted)
            for row in connection.execute(with_names().where(schema.outcomes.c.id.in_(lot)))
        }
        lacking = [id_ for id_ in wanted if id_ not in found]
        if lacking:
            raise UnknownNameError.of_outcomes(lacking)
        return [found[id_] for id_ in wanted]

    def alike(self, outcomes: Sequence[Outcome]) -> builtins.list[Outcome]:
        """Return all that may be the same measurement as one of these, in their order.

        They agree with these in all that was measured, though perhaps with none in all of it: one
        query finds them for ten thousand.
        """
        with self._database.read() as connection:
            return self.alike_within(connection, outcomes)

    def alike_within(
        self, connection: Connection, outcomes: Sequence[Outcome]
    ) -> builtins.list[Outcome]:
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
        self,
        *,
        limit: int | None = None,
        after: int = 0,
        model: str | None = None,
        task: str | None = None,
        protocol: str | None = None,
        created: str | None = None,
    ) -> tuple[builtins.list[Named], int | None]:
        """Return up to ``limit`` outcomes with their model's and task's names, and where to go on.

        ``after`` is the place that the page before returned; None comes at the end. Without a limit
        all come. The filters, and what is raised, are those of `list`.
        """
        number = schema.outcomes.c.number
        query = with_names().where(number > after).order_by(number)
        if limit is not None:
            query = query.limit(limit + 1)
        with self._database.read() as connection:
            query = only(
                query,
                connection,
                model=model,
                task=task,
                protocol=protocol,
                created=created,
            )
            rows = connection.execute(query).all()
        page = [(from_row(row), row.model_name, row.task_name) for row in rows[:limit]]
        return page, rows[len(page) - 1].number if len(rows) > len(page) else None

    def list(
        self,
        *,
        model: str | None = None,
        task: str | None = None,
        protocol: str | None = None,
        created: str | None = None,
    ) -> list[Outcome]:
        """Return all outcomes, or those of a ``model``, a ``task`` (names or ids), a protocol.

        Those that were ``created`` at one moment were recorded together.

        Raises:
            UnknownNameError: when there is no such model or task.
            SettingError: when ``created`` is no moment.
        """
        query = select(schema.outcomes).order_by(schema.outcomes.c.number)
        with self._database.read() as connection:
            query = only(
                query,
                connection,
                model=model,
                task=task,
                protocol=protocol,
                created=created,
            )
            return [from_row(row) for row in connection.execute(query)]


def _one_of(column: Column[Any], wanted: set[Any]) -> ColumnElement[bool]:
    found = column.in_(sorted(wanted - {None}))
    return or_(found, column.is_(None)) if None in wanted else found


def _lots(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]


def _insert(connection: Connection, outcomes: Sequence[Outcome]) -> list[Outcome]:
    # Each name is looked up once, and all rows go in at once: ten thousand take a second.
    models = {
        name: find_model(connection, name).id for name in dict.fromkeys(o.model for o in outcomes)
    }
    tasks = {
        name: find_task(connection, name).id for name in dict.fromkeys(o.task for o in outcomes)
    }
    moment = now()
    stored = [
        dataclasses.replace(
            outcome,
            id=outcome.id or new_id("out"),
            created=outcome.created or moment,
            # Of -0.0 nobody would know whether it repeats 0.0.
            accuracy=abs(outcome.accuracy),
            model=models[outcome.model],
            task=tasks[outcome.task],
        )
        for outcome in outcomes
    ]
    _check_new(connection, [outcome.id for outcome in outcomes if outcome.id])
    if stored:
        connection.execute(insert(schema.outcomes), [to_row(outcome) for outcome in stored])
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
