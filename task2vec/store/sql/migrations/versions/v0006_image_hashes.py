"""Hashes of the images of a task. Of those an older version embedded there are none."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_hashes",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("scheme", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_image_hashes"),
        sa.ForeignKeyConstraint(
            ["task"], ["tasks.id"], name="fk_image_hashes_task", ondelete="CASCADE"
        ),
    )
