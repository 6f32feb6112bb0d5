"""An outcome as a row of the database, and back."""

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from task2vec.errors import SettingError
from task2vec.store.sql import schema
from task2vec.store.sql.checksums import checked
from task2vec.store.sql.identity import as_stored
from task2vec.store.sql.text import dump, load
from task2vec.store.tables.models import find_model
from task2vec.store.tasks.task_rows import find_task
from task2vec.types import Outcome


def check_outcome(outcome: Outcome) -> None:
    """Check an outcome to come.

    Raises:
        SettingError: for an accuracy or interval outside [0, 1], or no protocol.
    """
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


def to_row(outcome: Outcome) -> dict[str, Any]:
    """Return the columns of ``outcome``.

    Raises:
        SettingError: for details that JSON cannot hold.
    """
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


def from_row(row: Row[Any]) -> Outcome:
    """Return the outcome that `to_row` took apart.

    Raises:
        StoreCorruptError: where the row is not the one that was written.
    """
    checked(row, schema.outcomes, what=f"The record of outcome {row.id}")
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


def with_names() -> Select[Any]:
    """Return the query for all outcomes, with a ``model_name`` and a ``task_name`` each."""
    columns, models, tasks = schema.outcomes.c, schema.models, schema.tasks
    return (
        select(schema.outcomes, models.c.name.label("model_name"), tasks.c.name.label("task_name"))
        .join(models, models.c.id == columns.model)
        .join(tasks, tasks.c.id == columns.task)
    )


def only(
    query: Select[Any],
    connection: Connection,
    *,
    model: str | None,
    task: str | None,
    protocol: str | None,
    created: str | None,
) -> Select[Any]:
    """Return the query for those alone that agree in all that is not None.

    Raises:
        UnknownNameError: when there is no such model or task.
        SettingError: when ``created`` is no moment.
    """
    columns = schema.outcomes.c
    if model is not None:
        query = query.where(columns.model == find_model(connection, model).id)
    if task is not None:
        query = query.where(columns.task == find_task(connection, task).id)
    if protocol is not None:
        query = query.where(columns.protocol == protocol)
    if created is not None:
        query = query.where(columns.created == as_stored(created))
    return query
