"""What a model was fine-tuned from, and the tasks that its starts were experts of.

Of experts that an older version made it is known from their outcomes, where they have one.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("start", sa.String))
    op.add_column("models", sa.Column("lineage", sa.Text, nullable=False, server_default="[]"))
    connection = op.get_bind()
    models = sa.table("models", *map(sa.column, ("id", "task", "start", "lineage")))
    outcomes = sa.table("outcomes", *map(sa.column, ("model", "details")))
    task_of = {
        row.id: row.task for row in connection.execute(sa.select(models.c.id, models.c.task))
    }
    starts: dict[str, str] = {}
    for row in connection.execute(sa.select(outcomes)):
        expert = json.loads(row.details).get("expert")
        if expert in task_of:
            starts[expert] = row.model
    for expert, start in starts.items():
        lineage = json.dumps(_lineage(expert, starts, task_of))
        own = models.c.id == expert
        connection.execute(sa.update(models).where(own).values(start=start, lineage=lineage))


def _lineage(expert: str, starts: dict[str, str], task_of: dict[str, str | None]) -> list[str]:
    found: dict[str, None] = {}
    seen = {expert}
    while (expert := starts.get(expert, "")) and expert not in seen:
        seen.add(expert)
        task = task_of.get(expert)
        if task is not None:
            found[task] = None
    return list(found)
