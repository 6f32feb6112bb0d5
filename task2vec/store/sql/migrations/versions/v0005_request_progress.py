"""How far the request of an idempotency key is. Of those an older server left it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotency", sa.Column("progress", sa.String))
    # What was not answered may have been done: nobody noted it then.
    op.execute(
        "UPDATE idempotency"
        " SET progress = CASE WHEN status IS NULL THEN 'written' ELSE 'answered' END"
    )
    with op.batch_alter_table("idempotency") as table:
        table.alter_column("progress", existing_type=sa.String, nullable=False)
