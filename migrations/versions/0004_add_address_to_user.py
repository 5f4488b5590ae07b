"""Give users an address: nullable, so that the version that runs beside it keeps working."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("address", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "address")
