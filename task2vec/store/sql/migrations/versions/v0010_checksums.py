"""A checksum in every row, but for those of vectors, which have one.

It is filled in at the end of the upgrade, when the triggers are made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = (
    "tasks",
    "thumbnails",
    "image_hashes",
    "task_details",
    "class_scatters",
    "task_changes",
    "models",
    "outcomes",
    "datasets",
    "batches",
    "jobs",
    "job_events",
    "batch_items",
    "keys",
    "audit",
    "idempotency",
)


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("checksum", sa.Integer))
