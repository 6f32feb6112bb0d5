"""The SHA-256 of a model's file of weights. Of what an older store holds it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("sha256", sa.String))
