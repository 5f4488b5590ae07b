"""Begin the gate that jobs are taken up through: its one row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

gate = sa.table("job_gate", sa.column("id", sa.Integer()))


def upgrade() -> None:
    op.bulk_insert(gate, [{"id": 1}])


def downgrade() -> None:
    op.execute(gate.delete().where(gate.c.id == 1))
