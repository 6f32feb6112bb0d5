"""Which outcomes are asked for."""

from typing import Any

from sqlalchemy import Connection, Select, select

from task2vec.store import schema
from task2vec.store.identity import as_stored
from task2vec.store.models import find_model
from task2vec.store.task_rows import find_task


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
