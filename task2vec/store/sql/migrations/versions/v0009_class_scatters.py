"""What tasks ask of the features. Of those an older version embedded there is none."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "class_scatters",
        sa.Column("task", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("task", name="pk_class_scatters"),
        sa.ForeignKeyConstraint(
            ["task"], ["tasks.id"], name="fk_class_scatters_task", ondelete="CASCADE"
        ),
    )
