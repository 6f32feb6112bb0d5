"""The first schema: tasks with their vectors, models, outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("probe_name", sa.String, nullable=False),
        sa.Column("space", sa.Text, nullable=False),
        sa.Column("provenance", sa.Text, nullable=False),
        sa.Column("complexity", sa.Float),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_signature", sa.Text, nullable=False),
        sa.Column("created", sa.String, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("name", name="uq_tasks_name"),
    )
    op.create_index("ix_tasks_space", "tasks", ["space"])
    op.create_table(
        "vectors",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("task", "kind", name="pk_vectors"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name="fk_vectors_task", ondelete="CASCADE"),
    )
    op.create_table(
        "thumbnails",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_thumbnails"),
        sa.ForeignKeyConstraint(
            ["task"], ["tasks.id"], name="fk_thumbnails_task", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "models",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("ref", sa.String, nullable=False),
        sa.Column("architecture", sa.String, nullable=False),
        sa.Column("task", sa.String),
        sa.Column("parameters", sa.Integer),
        sa.Column("input_size", sa.Integer),
        sa.Column("licence", sa.String),
        sa.Column("created", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
        sa.UniqueConstraint("name", name="uq_models_name"),
        sa.UniqueConstraint("ref", name="uq_models_ref"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name="fk_models_task"),
    )
    op.create_index("ix_models_task", "models", ["task"])
    op.create_table(
        "outcomes",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=True),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("task", sa.String, nullable=False),
        sa.Column("accuracy", sa.Float, nullable=False),
        sa.Column("protocol", sa.String, nullable=False),
        sa.Column("interval_low", sa.Float),
        sa.Column("interval_high", sa.Float),
        sa.Column("images", sa.Integer),
        sa.Column("seed", sa.Integer),
        sa.Column("created", sa.String, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_outcomes"),
        sa.UniqueConstraint("id", name="uq_outcomes_id"),
        sa.ForeignKeyConstraint(["model"], ["models.id"], name="fk_outcomes_model"),
        sa.ForeignKeyConstraint(["task"], ["tasks.id"], name="fk_outcomes_task"),
    )
    op.create_index("ix_outcomes_model", "outcomes", ["model"])
    op.create_index("ix_outcomes_task", "outcomes", ["task"])
