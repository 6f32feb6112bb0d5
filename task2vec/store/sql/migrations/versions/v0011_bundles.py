"""Bundles, and of tasks and outcomes the one that brought them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bundles",
        sa.Column("name", sa.String, nullable=False),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("maker", sa.String),
        sa.Column("created", sa.String, nullable=False),
        sa.Column("imported", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("tasks", sa.Integer, nullable=False),
        sa.Column("outcomes", sa.Integer, nullable=False),
        sa.Column("licences", sa.Text, nullable=False),
        sa.Column("checksum", sa.Integer),
        sa.PrimaryKeyConstraint("name", name="pk_bundles"),
        sa.UniqueConstraint("sha256", name="uq_bundles_sha256"),
    )
    op.add_column("tasks", sa.Column("bundle", sa.String))
    op.create_index("ix_tasks_bundle", "tasks", ["bundle"])
    op.add_column("outcomes", sa.Column("bundle", sa.String))
