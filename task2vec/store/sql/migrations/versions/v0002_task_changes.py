"""The log of changes to tasks. What an older store holds was there before the first change."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "task_changes",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_task_changes"),
        sqlite_autoincrement=True,
    )
