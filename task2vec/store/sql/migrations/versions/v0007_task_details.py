"""Layers and hard classes of a task. Of those an older version embedded there are none."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_details",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_task_details"),
        sa.ForeignKeyConstraint(
            ["task"], ["tasks.id"], name="fk_task_details_task", ondelete="CASCADE"
        ),
    )
