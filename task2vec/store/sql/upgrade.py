"""From any earlier schema of the store to the present one.

Tables and columns that are missing are added, so that only what old rows need besides is written
here. `REVISIONS` gets a number with every change of the schema.
"""

import json

from sqlalchemy import Connection, delete, insert, inspect, select, update
from sqlalchemy.schema import CreateColumn

from task2vec.store.sql.schema import metadata, models, outcomes, version
from task2vec.store.sql.schema_service import idempotency

REVISIONS = tuple(f"{number:04}" for number in range(1, 11))
"""Every revision that this version can open, the present one last."""


def upgrade(connection: Connection) -> None:
    """Bring an empty or an earlier schema to the last revision, inside the transaction."""
    old = inspect(connection)
    earlier = {
        table: {column["name"] for column in old.get_columns(table)}
        for table in old.get_table_names()
    }
    _add_progress(connection, earlier)
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        for column in table.columns:
            if column.name not in earlier.get(table.name, table.columns):
                added = CreateColumn(column).compile(connection)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {added}")
    if "lineage" not in earlier.get("models", {"lineage"}):
        _fill_lineage(connection)
    connection.execute(delete(version))
    connection.execute(insert(version).values(version_num=REVISIONS[-1]))


def _add_progress(connection: Connection, earlier: dict[str, set[str]]) -> None:
    """Make the table of idempotency keys anew: SQLite adds no column that rows must fill."""
    if "progress" in earlier.get("idempotency", {"progress"}):
        return
    connection.exec_driver_sql("DROP INDEX ix_idempotency_created")
    connection.exec_driver_sql("ALTER TABLE idempotency RENAME TO earlier")
    idempotency.create(connection)
    names = ", ".join(f'"{name}"' for name in earlier.pop("idempotency"))
    # What was not answered may have been done: nobody noted it then.
    connection.exec_driver_sql(
        f"INSERT INTO idempotency ({names}, progress) SELECT {names}, "
        "CASE WHEN status IS NULL THEN 'written' ELSE 'answered' END FROM earlier"
    )
    connection.exec_driver_sql("DROP TABLE earlier")


def _fill_lineage(connection: Connection) -> None:
    """Note the starts of experts whose outcomes tell them."""
    columns = models.c
    task_of = {row.id: row.task for row in connection.execute(select(columns.id, columns.task))}
    starts: dict[str, str] = {}
    for row in connection.execute(select(outcomes.c.model, outcomes.c.details)):
        expert = json.loads(row.details).get("expert")
        if expert in task_of:
            starts[expert] = row.model
    for expert, start in starts.items():
        lineage = json.dumps(_lineage(expert, starts, task_of))
        own = update(models).where(columns.id == expert)
        connection.execute(own.values(start=start, lineage=lineage))


def _lineage(expert: str, starts: dict[str, str], task_of: dict[str, str | None]) -> list[str]:
    tasks: dict[str, None] = {}
    seen = {expert}
    while (expert := starts.get(expert, "")) and expert not in seen:
        seen.add(expert)
        task = task_of.get(expert)
        if task is not None:
            tasks[task] = None
    return list(tasks)
