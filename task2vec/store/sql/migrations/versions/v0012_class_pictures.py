"""Small pictures of each class of a task. Of those an older version embedded there are none."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "class_pictures",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("checksum", sa.Integer),
        sa.PrimaryKeyConstraint("task", name="pk_class_pictures"),
        sa.ForeignKeyConstraint(
            ["task"], ["tasks.id"], name="fk_class_pictures_task", ondelete="CASCADE"
        ),
    )
