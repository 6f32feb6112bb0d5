"""What fine-tuning a model on a task gave."""

import builtins
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from task2vec.errors import NameTakenError, SettingError
from task2vec.store import schema
from task2vec.store.database import Database
from task2vec.store.identity import new_id, now
from task2vec.store.models import find_model
from task2vec.store.task_rows import find_task
from task2vec.store.text import dump, load
from task2vec.types import Outcome


class Outcomes:
    """The outcomes of a store, in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, outcome: Outcome) -> Outcome:
        """Add one outcome; see `add_many`."""
        return self.add_many([outcome])[0]

    def add_many(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Add all or none; return them as stored, once they are on disk.

        An empty ``id`` or ``created`` is filled in; ``model`` and ``task`` may be names and are
        stored as ids. One cell may have several outcomes: repeats tell the noise.

        Raises:
            SettingError: for an accuracy or interval outside [0, 1], or no protocol.
            UnknownNameError: when there is no such model or task.
            NameTakenError: when an id belongs to another outcome.
        """
        given = list(outcomes)
        for outcome in given:
            _check(outcome)
        with self._database.write() as connection:
            return _insert(connection, given)

    def add_within(self, connection: Connection, outcome: Outcome) -> Outcome:
        """Add one, as `add_many` does, as part of the write transaction of ``connection``."""
        _check(outcome)
        (stored,) = _insert(connection, [outcome])
        return stored

    def page(
        self,
        *,
        limit: int,
        after: int = 0,
        model: str | None = None,
        task: str | None = None,
    ) -> tuple[builtins.list[tuple[Outcome, str, str]], int | None]:
        """Return up to ``limit`` outcomes with their model's and task's names, and where to go on.

        ``after`` is the place that the page before returned; None comes at the end. ``model`` and
        ``task`` are as in `list`.
        """
        columns, models, tasks = schema.outcomes.c, schema.models, schema.tasks
        query = (
            select(
                schema.outcomes, models.c.name.label("model_name"), tasks.c.name.label("task_name")
            )
            .join(models, models.c.id == columns.model)
            .join(tasks, tasks.c.id == columns.task)
            .where(columns.number > after)
            .order_by(columns.number)
            .limit(limit + 1)
        )
        with self._database.read() as connection:
            if model is not None:
                query = query.where(columns.model == find_model(connection, model).id)
            if task is not None:
                query = query.where(columns.task == find_task(connection, task).id)
            rows = connection.execute(query).all()
        page = [(_outcome(row), row.model_name, row.task_name) for row in rows[:limit]]
        return page, rows[limit - 1].number if len(rows) > limit else None

    def list(
        self, *, model: str | None = None, task: str | None = None, protocol: str | None = None
    ) -> list[Outcome]:
        """Return all outcomes, or those of a ``model``, a ``task`` (names or ids), a protocol.

        Raises:
            UnknownNameError: when there is no such model or task.
        """
        columns = schema.outcomes.c
        query = select(schema.outcomes).order_by(columns.number)
        with self._database.read() as connection:
            if model is not None:
                query = query.where(columns.model == find_model(connection, model).id)
            if task is not None:
                query = query.where(columns.task == find_task(connection, task).id)
            if protocol is not None:
                query = query.where(columns.protocol == protocol)
            return [_outcome(row) for row in connection.execute(query)]


def _check(outcome: Outcome) -> None:
    # Written so that nan fails too.
    if not 0 <= outcome.accuracy <= 1:
        raise SettingError(
            "An accuracy is a fraction", expected="a number in [0, 1]", got=f"{outcome.accuracy}"
        )
    if outcome.interval is not None:
        low, high = outcome.interval
        if not 0 <= low <= high <= 1:
            raise SettingError(
                "An interval of accuracies is two fractions",
                expected="0 <= low <= high <= 1",
                got=f"{low} and {high}",
            )
    if not outcome.protocol:
        raise SettingError(
            "An outcome needs a protocol",
            expected="a name for how the model was fine-tuned and tested",
            got="none",
            remedy="Only outcomes of one protocol are compared.",
        )


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
            model=models[outcome.model],
            task=tasks[outcome.task],
        )
        for outcome in outcomes
    ]
    _check_new(connection, [outcome.id for outcome in outcomes if outcome.id])
    if stored:
        connection.execute(insert(schema.outcomes), [_values(outcome) for outcome in stored])
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


def _values(outcome: Outcome) -> dict[str, Any]:
    low, high = outcome.interval or (None, None)
    return {
        "id": outcome.id,
        "model": outcome.model,
        "task": outcome.task,
        "accuracy": outcome.accuracy,
        "protocol": outcome.protocol,
        "interval_low": low,
        "interval_high": high,
        "images": outcome.images,
        "seed": outcome.seed,
        "created": outcome.created,
        "details": dump(dict(outcome.details), what="The details of an outcome"),
    }


def _outcome(row: Row[Any]) -> Outcome:
    known = row.interval_low is not None and row.interval_high is not None
    return Outcome(
        id=row.id,
        model=row.model,
        task=row.task,
        accuracy=row.accuracy,
        protocol=row.protocol,
        interval=(row.interval_low, row.interval_high) if known else None,
        images=row.images,
        seed=row.seed,
        created=row.created,
        details=load(row.details, what=f"The details of outcome {row.id}"),
    )
